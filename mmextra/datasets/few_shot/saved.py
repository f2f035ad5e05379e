"""What a few-shot dataset holds, as a file, to be loaded as it is."""
import json
from typing import List, Sequence

from ..bad_input import AnnotationError
from ..coco_json import (
    COUNT,
    ID,
    SIDE,
    TEXT,
    Rules,
    check_entry,
    is_number,
    load_json,
)

INFO_RULES: Rules = dict(
    img_id=ID, img_path=TEXT, width=SIDE, height=SIDE,
    instances=(lambda value: isinstance(value, list), 'a list'))


def write_saved(path: str, classes: Sequence[str], data_prefix: dict,
                infos: List[dict]) -> None:
    """Write data infos.

    Args:
        path (str): The JSON file.
        classes (Sequence[str]): Their classes.
        data_prefix (dict): Of the dataset.
        infos (list[dict]): The data infos.
    """
    with open(path, 'w') as file:
        json.dump(dict(classes=classes, data_prefix=data_prefix,
                       data_infos=infos), file)


def read_saved(path: str, classes: Sequence[str]) -> List[dict]:
    """Read what :func:`write_saved` wrote.

    Args:
        path (str): The file.
        classes (Sequence[str]): The classes that it must have.

    Returns:
        list[dict]: The data infos.

    Raises:
        AnnotationError: If it is not such a file, or of other classes.
    """
    saved = load_json(path)
    if not isinstance(saved, dict) or not isinstance(
            saved.get('data_infos'), list):
        raise AnnotationError(path, 'is no saved dataset: it has no list '
                              'data_infos', 'Save the dataset again')
    found = saved.get('classes')
    if found != list(classes):
        raise AnnotationError(
            path, f'it was saved with classes {found}, not with '
            f'{tuple(classes)}', 'Use the same classes in the same order.')
    rules: Rules = dict(
        bbox=(_is_corners, 'x1, y1, x2 and y2 in pixels'),
        bbox_label=(lambda value: COUNT[0](value) and value < len(classes),
                    f'a whole number from 0 to {len(classes) - 1}'),
        ignore_flag=(lambda value: value in (0, 1), '0 or 1'))
    for number, info in enumerate(saved['data_infos']):
        where = f'{path}, data_infos[{number}]'
        check_entry(info, INFO_RULES, where)
        for k, instance in enumerate(info['instances']):
            check_entry(instance, rules, f'{where}, instances[{k}]')
    return saved['data_infos']


def _is_corners(value) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(
        is_number(side) for side in value) and (
            value[0] <= value[2] and value[1] <= value[3])
