"""XML of annotation files, or an error that names the file."""
import xml.etree.ElementTree as ET
from typing import List, Optional, Tuple

from .bad_input import AnnotationError

# All but the first are importable from here too.
from .text_files import REMEDY

OBJECT_REMEDY = 'Correct or remove the object, or set on_error="skip"'
CORNERS = ('xmin', 'ymin', 'xmax', 'ymax')
PLACES = {tag: place for place, tag in enumerate(CORNERS)}


def voc_objects(root: ET.Element, path: str) -> List[ET.Element]:
    """The objects of an annotation in the format of Pascal VOC.

    Args:
        root (xml.etree.ElementTree.Element): Root of the file.
        path (str): The file, for messages.

    Returns:
        List[xml.etree.ElementTree.Element]: The elements ``<object>``, each
        with one ``<bndbox>`` beside those of its ``<part>``.

    Raises:
        AnnotationError: If there are boxes anywhere else, which would be
            lost silently.
    """
    for element in root:
        if _is_plain(element):
            continue
        parts = {id(each) for part in element.findall('part')
                 for each in part.iter()}
        boxes = [each for each in element.iter() if
                 each.find('xmin') is not None and id(each) not in parts]
        if element.tag != 'object' and boxes:
            raise AnnotationError(
                path, f'a box is in <{element.tag}> and not in <object>',
                REMEDY)
        if element.tag == 'object' and (
                len(boxes) > 1 or len(element.findall('bndbox')) != 1):
            oriented = element.find('robndbox') is not None
            raise AnnotationError(
                path, 'an <object> must hold one <bndbox>' + (
                    '; this one is oriented (<robndbox>), take the folder of '
                    'horizontal boxes' if oriented else ''), REMEDY)
    return root.findall('object')


def _is_plain(element: ET.Element) -> bool:
    """Whether an element is as nearly all are, without a closer look: an
    object with one box, or another one without any."""
    boxes = 0
    for child in element:
        boxes += child.tag == 'bndbox'
        if child.tag == 'xmin' or len(child) and (
                child.tag != 'bndbox' or any(map(len, child))):
            return False
    return boxes == (element.tag == 'object')


def voc_box(item: ET.Element, where: str) -> Tuple[float, ...]:
    """The box of an object in the format of Pascal VOC.

    Args:
        item (xml.etree.ElementTree.Element): The element ``<object>``.
        where (str): File and object, for messages.

    Returns:
        tuple[float]: x1, y1, x2, y2 as printed; it may have no area.

    Raises:
        AnnotationError: If a corner is missing, given twice or no finite
            number, or a side is negative.
    """
    texts: List[List[Optional[str]]] = [[], [], [], []]
    for outer in item.findall('bndbox'):
        for each in outer:
            if each.tag in PLACES:
                texts[PLACES[each.tag]].append(each.text)
    try:
        (x1, ), (y1, ), (x2, ), (y2, ) = texts
        box = float(x1), float(y1), float(x2), float(y2)
    except (TypeError, ValueError):
        raise AnnotationError(
            where, f'<bndbox> needs numbers {", ".join(CORNERS)}, once each, '
            f'got {texts}', OBJECT_REMEDY) from None
    # Boxes are kept in single precision; false for NaN too.
    if not (abs(box[0]) < 1e38 and abs(box[1]) < 1e38 and
            abs(box[2]) < 1e38 and abs(box[3]) < 1e38):
        raise AnnotationError(
            where, f'the box {list(box)} is not finite', OBJECT_REMEDY)
    if box[2] < box[0] or box[3] < box[1]:
        raise AnnotationError(
            where, f'the box {list(box)} has a negative side', OBJECT_REMEDY)
    return box


def voc_int(item: ET.Element, tag: str, where: str, default: int = 0) -> int:
    """A whole number in an element.

    Args:
        item (xml.etree.ElementTree.Element): The element.
        tag (str): The tag in it.
        where (str): File and object, for messages.
        default (int): What a missing tag stands for.

    Returns:
        int: The number.

    Raises:
        AnnotationError: If it is none, or there twice.
    """
    texts = [each.text for each in item.findall(tag)]
    if not texts:
        return default
    try:
        text, = texts
        return int(text)
    except (TypeError, ValueError):
        raise AnnotationError(
            where, f'<{tag}> must be one whole number, got {texts}',
            OBJECT_REMEDY) from None


def voc_name(item: ET.Element, where: str) -> str:
    """The class of an object in the format of Pascal VOC.

    Args:
        item (xml.etree.ElementTree.Element): The element ``<object>``.
        where (str): File and object, for messages.

    Returns:
        str: The text of ``<name>``.

    Raises:
        AnnotationError: If it is missing, empty or there twice.
    """
    names = [(each.text or '').strip() for each in item.findall('name')]
    if len(names) != 1 or not names[0]:
        raise AnnotationError(
            where, f'<name> must be there once, got {names}', OBJECT_REMEDY)
    return names[0]


def voc_size(root: ET.Element) -> Optional[Tuple[int, int]]:
    """The size of the image that a file states.

    Args:
        root (xml.etree.ElementTree.Element): Root of the file.

    Returns:
        tuple[int, int] or None: Width and height in pixels; None if they
        are missing or no positive whole numbers.
    """
    try:
        width, height = (int(root.findtext(f'size/{tag}'))
                         for tag in ('width', 'height'))
    except (TypeError, ValueError):
        return None
    return (width, height) if min(width, height) > 0 else None
