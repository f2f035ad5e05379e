"""Annotation files in COCO's format, checked before anything uses them.

pycocotools takes what it finds: annotations of unknown images or with an id
that another one has are lost without a word.
"""
import json
import warnings
from typing import Any, Callable, Dict, Optional, Tuple

from mmdet.datasets.api_wrappers import COCO

from .bad_input import AnnotationError

REMEDY = 'Correct or remove the entry, or make the file again'


def is_number(value: Any) -> bool:
    """Whether a value is a number that single precision can hold."""
    return isinstance(value, (int, float)) and not isinstance(
        value, bool) and abs(value) < 1e38


def _is_side(value: Any) -> bool:
    return is_number(value) and value > 0


def _is_size(value: Any) -> bool:
    return is_number(value) and value >= 0


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and is_number(value) and value >= 0


def _is_id(value: Any) -> bool:
    return isinstance(value, (int, str)) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ''


def _is_box(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(
        is_number(side) for side in value) and min(value[2:]) >= 0


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
    """The content of a JSON file.

    Args:
        path (str): The file.

    Returns:
        Any: Its content.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is not JSON.
    """
    try:
        with open(path, encoding='utf-8') as file:
            return json.load(file)
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
        if key in entry and not is_good(entry[key]):
            raise AnnotationError(
                where, f'{key} must be {wanted}, got {entry[key]!r}', REMEDY)


def read_coco(path: str) -> dict:
    """Read an annotation file in COCO's format, or of videos in that.

    Args:
        path (str): The file.

    Returns:
        dict: Its content; every annotation has a box, and an image and a
        category that are there.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is not JSON, lacks a list or a field, or an id
            is given twice or refers to nothing; it names the entry.
    """
    content = load_json(path)
    if not isinstance(content, dict):
        raise AnnotationError(path, 'is no annotation file of COCO', REMEDY)
    ids = {kind: _check_entries(content, kind, path) for kind in RULES}
    names = [item['name'] for item in content['categories']]
    if len(names) > len(set(names)):
        raise AnnotationError(
            f'{path}, categories', f'a name is given twice: {names}', REMEDY)
    for number, item in enumerate(content['annotations']):
        for key, kind in (('image_id', 'images'),
                          ('category_id', 'categories')):
            if item[key] not in ids[kind]:
                raise AnnotationError(
                    f'{path}, annotations[{number}]',
                    f'{key} {item[key]!r} is none of the {kind}', REMEDY)
    return content


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
        where = f'{path}, {kind}[{number}]'
        check_entry(item, RULES[kind], where, OPTIONAL[kind])
        if item['id'] in ids:
            raise AnnotationError(
                where, f'id {item["id"]!r} is given twice', REMEDY)
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


def with_area(ann: dict) -> dict:
    """An annotation with an area even if the file has none."""
    return dict(ann, area=ann.get('area', ann['bbox'][2] * ann['bbox'][3]))


def tell_left_out(path: str, count: int) -> None:
    """Warn about boxes that mmdet's datasets pass over.

    Args:
        path (str): The file.
        count (int): How many there are.
    """
    if count:
        warnings.warn(
            f'{path}: left out {count} boxes that are smaller than a pixel '
            'or outside of their image', stacklevel=3)
