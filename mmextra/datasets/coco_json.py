"""Annotation files in COCO's format, checked before anything uses them.

pycocotools takes what it finds: annotations of unknown images or with an id
that another one has are lost without a word.
"""
import json
import math
from typing import Any, Callable, Dict, Tuple

from .bad_input import AnnotationError

REMEDY = 'Correct or remove the entry, or make the file again'


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(
        value, bool) and math.isfinite(value)


def _is_side(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_id(value: Any) -> bool:
    return isinstance(value, (int, str)) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ''


def _is_box(value: Any) -> bool:
    # 1e38: boxes are kept in single precision.
    return isinstance(value, list) and len(value) == 4 and all(
        _is_number(side) and abs(side) < 1e38 for side in value) and min(
            value[2:]) >= 0


# What an entry must have: key -> (check, what it must be).
Rules = Dict[str, Tuple[Callable[[Any], bool], str]]
ID = (_is_id, 'a whole number or a text')
SIDE = (_is_side, 'a positive number')
TEXT = (_is_text, 'a text')
RULES: Dict[str, Rules] = dict(
    images=dict(id=ID, file_name=TEXT, width=SIDE, height=SIDE),
    categories=dict(id=ID, name=TEXT),
    annotations=dict(
        id=ID, image_id=ID, category_id=ID,
        bbox=(_is_box, 'x, y, width and height in pixels')))


def read_coco(path: str) -> dict:
    """Read an annotation file in COCO's format.

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
    try:
        with open(path, encoding='utf-8-sig') as file:
            content = json.load(file)
    except (ValueError, RecursionError) as error:
        raise AnnotationError(path, f'is not valid JSON ({error})',
                              'Restore the file, or make it again') from error
    if not isinstance(content, dict):
        raise AnnotationError(path, 'is no annotation file of COCO', REMEDY)
    ids = {kind: _check_entries(content, kind, path) for kind in RULES}
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
            path, f'{kind!r} must be a list, got {type(entries).__name__}',
            'It needs images, annotations and categories')
    ids = set()
    for number, item in enumerate(entries):
        where = f'{path}, {kind}[{number}]'
        for key, (is_good, wanted) in RULES[kind].items():
            value = item.get(key) if isinstance(item, dict) else None
            if not is_good(value):
                raise AnnotationError(
                    where, f'{key} must be {wanted}, got {value!r}', REMEDY)
        if item['id'] in ids:
            raise AnnotationError(
                where, f'id {item["id"]!r} is given twice', REMEDY)
        ids.add(item['id'])
    return ids
