"""Annotation files of HRSC2016."""
import xml.etree.ElementTree as ET
from typing import Callable, List, NamedTuple, Optional, Tuple

import numpy as np

from .bad_input import AnnotationError, BadInput, check_radians
from .text_files import REMEDY as FILE_REMEDY
from .text_files import read_xml

REMEDY = 'Correct or remove the entry, or set on_error="skip"'
BOX_TAGS = ('mbox_cx', 'mbox_cy', 'mbox_w', 'mbox_h', 'mbox_ang')


class HRSCObject(NamedTuple):
    """One object.

    Attributes:
        where: File and object, for messages.
        class_id: ``Class_ID``, or None if there is none.
        rbox: (5,) float64 cx, cy, w, h in pixels and the angle in radians,
            clockwise on the image.
        difficult: Whether it is marked so.
        head: The bow (x, y) in pixels, or None if not given.
    """

    where: str
    class_id: Optional[str]
    rbox: np.ndarray
    difficult: bool
    head: Optional[Tuple[float, float]]


class HRSCImage(NamedTuple):
    """One file: the size it states, (width, height) or None, and objects."""

    size: Optional[Tuple[int, int]]
    objects: List[HRSCObject]


def _text(element: ET.Element, tag: str) -> Optional[str]:
    found = element.find(tag)
    text = None if found is None or found.text is None else found.text.strip()
    return text or None


def _numbers(element: ET.Element, tags: Tuple[str, ...],
             kind: Callable = float) -> Optional[tuple]:
    """The values of some tags, or None if one is missing or no number."""
    try:
        return tuple(kind(_text(element, tag)) for tag in tags)
    except (TypeError, ValueError):
        return None


def _required_numbers(element: ET.Element, tags: Tuple[str, ...],
                      where: str) -> np.ndarray:
    values = []
    for tag in tags:
        text = _text(element, tag)
        if text is None:
            raise AnnotationError(where, f'<{tag}> is missing', REMEDY)
        if len(element.findall(tag)) > 1:
            raise AnnotationError(where, f'<{tag}> is there twice', REMEDY)
        try:
            values.append(float(text))
        except ValueError:
            raise AnnotationError(
                where, f'<{tag}> must be a number, got {text!r}',
                REMEDY) from None
    return np.array(values)


def _read_object(element: ET.Element, where: str) -> HRSCObject:
    rbox = _required_numbers(element, BOX_TAGS, where)
    if not np.isfinite(rbox).all():
        raise AnnotationError(where, f'the box {rbox.tolist()} is not finite',
                              REMEDY)
    check_radians(rbox[4], f'{where}, <mbox_ang>', REMEDY)
    if min(rbox[2:4]) <= 0:
        raise AnnotationError(
            where, f'the box has no area: <mbox_w> {rbox[2]:g}, <mbox_h> '
            f'{rbox[3]:g}', REMEDY)
    difficult = _text(element, 'difficult') or '0'
    if difficult not in ('0', '1'):
        raise AnnotationError(
            where, f'<difficult> must be 0 or 1, got {difficult!r}', REMEDY)
    return HRSCObject(where, _text(element, 'Class_ID'), rbox,
                      difficult == '1',
                      _numbers(element, ('header_x', 'header_y')))


def _object_elements(root: ET.Element, path: str) -> List[ET.Element]:
    """The objects; anything else in their place would be lost silently."""
    lists = root.findall('HRSC_Objects')
    if len(lists) != 1:
        raise AnnotationError(
            path, f'<HRSC_Objects> must be there once, found {len(lists)}',
            FILE_REMEDY)
    strange = [element.tag for element in lists[0]
               if element.tag != 'HRSC_Object']
    if strange:
        raise AnnotationError(
            path, f'<HRSC_Objects> must hold <HRSC_Object> alone, found '
            f'<{strange[0]}>', FILE_REMEDY)
    return list(lists[0])


def read_hrsc_xml(path: str, bad: BadInput) -> HRSCImage:
    """Read an annotation file of HRSC2016.

    ``header_x``, ``header_y`` and ``difficult`` may be missing.

    Args:
        path (str): The file.
        bad (BadInput): Gets what is wrong with single objects.

    Returns:
        HRSCImage: The stated size and the good objects.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is not XML or not of HRSC2016, or what
            ``bad`` raises for an object.
    """
    root = read_xml(path)
    if root.tag != 'HRSC_Image':
        raise AnnotationError(
            path, f'the root must be <HRSC_Image>, found <{root.tag}>',
            'Convert other formats with '
            'tools/dataset_converters/convert_hrsd.py')
    objects = []
    for k, element in enumerate(_object_elements(root, path)):
        name = _text(element, 'Object_ID') or 'without Object_ID'
        try:
            objects.append(
                _read_object(element, f'{path}, object {k} ({name})'))
        except AnnotationError as error:
            bad.report(error)
    size = _numbers(root, ('Img_SizeWidth', 'Img_SizeHeight'), int)
    return HRSCImage(size if size and min(size) > 0 else None, objects)
