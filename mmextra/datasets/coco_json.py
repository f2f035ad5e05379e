"""Annotation files in COCO's format, checked before anything uses them.

pycocotools takes what it finds: annotations of unknown images or with an id
that another one has are lost without a word.
"""
import json
import warnings
from collections import Counter
from typing import Any, Callable, Dict, Optional, Sequence, Tuple

from mmdet.datasets.api_wrappers import COCO
from mmengine.logging import print_log

from .bad_input import AnnotationError
from .text_files import read_text, slashes, starts_with_mark

REMEDY = 'Correct or remove the entry, or make the file again'


def is_number(value: Any) -> bool:
    """Whether a value is a number that single precision can hold."""
    # JSON knows no other kinds of numbers; bool is another type.
    return (type(value) is int or type(value) is float) and (
        -1e38 < value < 1e38)


def _is_side(value: Any) -> bool:
    return is_number(value) and value > 0


def _is_size(value: Any) -> bool:
    return is_number(value) and value >= 0


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and is_number(value) and value >= 0


def _is_id(value: Any) -> bool:
    return type(value) is int or type(value) is str


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ''


def _is_box(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != 4:
        return False
    x, y, width, height = value
    return (is_number(x) and is_number(y) and is_number(width) and
            is_number(height) and width >= 0 and height >= 0)


# What an entry must have: key -> (check, what it must be).
Rules = Dict[str, Tuple[Callable[[Any], bool], str]]
ID = (_is_id, 'a whole number or a text')
SIDE = (_is_side, 'a positive number')
TEXT = (_is_text, 'a text')
COUNT = (_is_count, 'a whole number from 0 on')
RULES: Dict[str, Rules] = dict(
    images=dict(id=ID, file_name=TEXT, width=SIDE, height=SIDE),
    categories=dict(id=ID, name=TEXT),
    annotations=dict(
        id=ID, image_id=ID, category_id=ID,
        bbox=(_is_box, 'x, y, width and height in pixels')))
# What it must have only if it is there.
OPTIONAL: Dict[str, Rules] = dict(
    images=dict(video_id=ID, frame_id=COUNT),
    categories=dict(),
    annotations=dict(
        area=(_is_size, 'a number from 0 on'),
        iscrowd=(lambda value: value in (0, 1), '0 or 1'),
        instance_id=COUNT))


def load_json(path: str) -> Any:
    """The content of a JSON file, with or without byte order mark.

    Args:
        path (str): The file.

    Returns:
        Any: Its content.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is not JSON.
    """
    try:
        return json.loads(read_text(path))
    except AnnotationError:
        raise
    except (ValueError, RecursionError) as error:
        raise AnnotationError(path, f'is not valid JSON ({error})',
                              'Restore the file, or make it again') from error


def check_entry(entry: Any, rules: Rules, where: str,
                optional: Optional[Rules] = None) -> None:
    """Check an entry of an annotation file.

    Args:
        entry (Any): The entry.
        rules (Rules): What it must have.
        where (str): File and entry, for the message.
        optional (Rules, optional): What it must have only if it is there.

    Raises:
        AnnotationError: If it breaks a rule.
    """
    if not isinstance(entry, dict):
        raise AnnotationError(
            where, f'must be an object with {", ".join(rules)}, got '
            f'{entry!r}', REMEDY)
    for key, (is_good, wanted) in rules.items():
        if not is_good(entry.get(key)):
            raise AnnotationError(
                where, f'{key} must be {wanted}, got {entry.get(key)!r}',
                REMEDY)
    for key, (is_good, wanted) in (optional or {}).items():
        if key not in entry:
            continue
        if entry[key] is None:
            del entry[key]
        elif not is_good(entry[key]):
            raise AnnotationError(
                where, f'{key} must be {wanted}, got {entry[key]!r}', REMEDY)


def _is_usual(entry: Any, rules: Rules, optional: Rules) -> bool:
    """Whether :func:`check_entry` would find and change nothing."""
    return isinstance(entry, dict) and all(
        is_good(entry.get(key)) for key, (is_good, _) in rules.items()
    ) and all(key not in entry or is_good(entry[key])
              for key, (is_good, _) in optional.items())


def read_coco(path: str, images_alone: bool = False) -> dict:
    """The content that :func:`normalised_coco` gives."""
    return normalised_coco(path, images_alone)[0]


def normalised_coco(path: str, images_alone: bool = False
                    ) -> Tuple[dict, bool]:
    """Read an annotation file in COCO's format, or of videos in that.

    What exporters add or leave out is put right: backslashes in names of
    files become slashes; fields that are null are as absent; an area that
    is absent or 0 becomes that of the box; of several categories with one
    name those without annotations are dropped, and that is told.

    Args:
        path (str): The file.
        images_alone (bool): Whether it may have no annotations at all, as
            COCO's ``image_info_test-dev2017.json``; that is told.

    Returns:
        tuple[dict, bool]: Its content; every annotation has a box, an area,
        and an image and a category that are there. And whether that differs
        from what mmdet's own reader makes of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is not JSON, lacks a list or a field, or an id
            is given twice or refers to nothing; it names the entry.
    """
    content = load_json(path)
    if not isinstance(content, dict):
        raise AnnotationError(path, 'is no annotation file of COCO', REMEDY)
    changed = starts_with_mark(path)
    if images_alone and content.get('annotations') is None and not any(
            map(_annotates, content.values())):
        warnings.warn(
            f'{path}: has no annotations; its images are read without '
            'objects, for inference alone', stacklevel=3)
        content['annotations'], changed = [], True
    ids = {kind: _check_entries(content, kind, path) for kind in RULES}
    for number, item in enumerate(content['annotations']):
        for key, kind in (('image_id', 'images'),
                          ('category_id', 'categories')):
            if item[key] not in ids[kind]:
                raise AnnotationError(
                    f'{path}, annotations[{number}]',
                    f'{key} {item[key]!r} is none of the {kind}' +
                    _other_type(item[key], ids[kind]), REMEDY)
        if not item.get('area'):
            item['area'] = item['bbox'][2] * item['bbox'][3]
            changed = True
    for item in content['images']:
        if '\\' in item['file_name']:
            item['file_name'] = slashes(item['file_name'])
            changed = True
    return content, _drop_namesakes(content, path) or changed


def _annotates(value: Any) -> bool:
    """Whether something is a list of annotations, whatever its name."""
    return isinstance(value, list) and any(
        isinstance(each, dict) and 'image_id' in each for each in value[:1])


def _other_type(key: Any, ids: set) -> str:
    """Whether an id is there as a text where a number was given, or so."""
    if str(key) in {str(each) for each in ids}:
        return ', but a text or number that reads the same is'
    return ''


def _drop_namesakes(content: dict, path: str) -> bool:
    """Leave one category of each name; some exporters make the name of the
    project the first category, though it is that of a class."""
    names = [item['name'] for item in content['categories']]
    if len(names) == len(set(names)):
        return False
    used = {item['category_id'] for item in content['annotations']}
    kept = [item for item in content['categories']
            if names.count(item['name']) == 1 or item['id'] in used]
    left = [item['name'] for item in kept]
    twice = sorted(name for name in set(names) if left.count(name) != 1)
    if twice:
        ids = [item['id'] for item in content['categories']
               if item['name'] == twice[0]]
        raise AnnotationError(
            f'{path}, categories', f'the name {twice[0]!r} is given twice, '
            f'with ids {ids}', REMEDY)
    dropped = [item for item in content['categories'] if item not in kept]
    content['categories'] = kept
    warnings.warn(
        f'{path}: dropped {len(dropped)} categories that no annotation uses '
        f'and whose name another has; the first: {dropped[0]}', stacklevel=3)
    return True


def _check_entries(content: dict, kind: str, path: str) -> set:
    """Check a list of the file; gives the ids in it."""
    entries = content.get(kind)
    if not isinstance(entries, list):
        raise AnnotationError(
            path, f'is no annotation file of COCO: {kind!r} must be a list, '
            f'got {type(entries).__name__}',
            'It needs images, annotations and categories')
    ids = set()
    for number, item in enumerate(entries):
        if not _is_usual(item, RULES[kind], OPTIONAL[kind]):
            check_entry(item, RULES[kind], f'{path}, {kind}[{number}]',
                        OPTIONAL[kind])
        if item['id'] in ids:
            raise AnnotationError(
                f'{path}, {kind}[{number}]',
                f'id {item["id"]!r} is given twice', REMEDY)
        ids.add(item['id'])
    return ids


def coco_index(content: dict) -> COCO:
    """The content of a file as pycocotools holds it.

    Args:
        content (dict): See :func:`read_coco`.

    Returns:
        COCO: The index.
    """
    coco = COCO()
    coco.dataset = content
    coco.createIndex()
    coco.img_ann_map, coco.cat_img_map = coco.imgToAnns, coco.catToImgs
    return coco


def tell_left_out(path: str, count: int, ignored: int = 0) -> None:
    """Warn about boxes that mmdet's datasets pass over.

    Args:
        path (str): The file.
        count (int): How many there are for their size or place.
        ignored (int): How many have ``ignore`` set.
    """
    if ignored:
        warnings.warn(
            f'{path}: left out {ignored} boxes that are marked by "ignore"',
            stacklevel=3)
    if count:
        warnings.warn(
            f'{path}: left out {count} boxes that are smaller than a pixel '
            'or outside of their image', stacklevel=3)


def tell_other_classes(content: dict, classes: Sequence[str],
                       path: str) -> None:
    """Log the boxes of categories that a data set does not ask for.

    Args:
        content (dict): See :func:`read_coco`.
        classes (Sequence[str]): Those that it asks for.
        path (str): The file, for the message.
    """
    names = {item['id']: item['name'] for item in content['categories']
             if item['name'] not in classes}
    others = Counter(names[item['category_id']] for item in content[
        'annotations'] if item['category_id'] in names)
    if others:
        print_log(
            f'{path}: left out {sum(others.values())} boxes of classes that '
            'are not asked for: ' + ', '.join(
                f'{k} {name}' for name, k in others.most_common(20)),
            logger='current')


def is_usable(ann: dict, width: float, height: float) -> bool:
    """Whether mmdet's datasets take a box.

    Args:
        ann (dict): An annotation with ``bbox``.
        width (float): Of its image in pixels.
        height (float): The same.

    Returns:
        bool: Whether no side is below a pixel and it meets the image.
    """
    x, y, w, h = ann['bbox']
    return (min(w, h) >= 1 and min(x + w, width) > max(x, 0) and
            min(y + h, height) > max(y, 0))


def number_tracks(content: dict, path: str) -> bool:
    """Make the ``instance_id`` of all annotations such that mmdet keeps it.

    mmdet takes 0 for none. Ids that do not tell objects apart are told,
    for speeds are measured along them.

    Args:
        content (dict): See :func:`read_coco`; ids are changed in place.
        path (str): The file, for messages.

    Returns:
        bool: Whether anything was changed.
    """
    annotations = content['annotations']
    without = sum('instance_id' not in item for item in annotations)
    if without:
        warnings.warn(
            f'{path}: {without} of {len(annotations)} boxes have no '
            'instance_id; they move with no object, and AP by speed means '
            'nothing. Number the objects of each video.', stacklevel=3)
    in_frame: Counter = Counter(
        (item['image_id'], item['instance_id']) for item in annotations
        if 'instance_id' in item)
    shared = sum(k - 1 for k in in_frame.values())
    if shared:
        (image, track), _ = in_frame.most_common(1)[0]
        warnings.warn(
            f'{path}: {shared} boxes have the instance_id of another in the '
            f'same frame, {track} in image {image!r} for one; AP by speed '
            'means nothing for them. Number the objects of each video.',
            stacklevel=3)
    if not without and not any(
            item['instance_id'] == 0 for item in annotations):
        return False
    free = max(item.get('instance_id', 0) for item in annotations) + 2
    for number, item in enumerate(annotations):
        item['instance_id'] = item.get('instance_id', free + number - 1) + 1
    return True
