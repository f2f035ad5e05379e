"""Text and XML of annotation files, or an error that names the file."""
import xml.etree.ElementTree as ET
from typing import List

from .bad_input import AnnotationError

REMEDY = ('Restore the file, or take the image out of the split, or set '
          'on_error="skip"')


def read_lines(path: str) -> List[str]:
    """The lines of a text file in UTF-8, without their ends.

    A byte order mark is passed over.

    Args:
        path (str): The file.

    Returns:
        List[str]: The lines.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is no text.
    """
    try:
        with open(path, encoding='utf-8-sig') as file:
            return file.read().split('\n')
    except UnicodeDecodeError as error:
        raise AnnotationError(path, f'is not UTF-8 text ({error})',
                              REMEDY) from error


def read_xml(path: str) -> ET.Element:
    """The root of an XML file.

    Args:
        path (str): The file.

    Returns:
        xml.etree.ElementTree.Element: The root.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is not well-formed.
    """
    try:
        return ET.parse(path).getroot()
    # LookupError: an encoding that Python does not know.
    except (ET.ParseError, LookupError, ValueError) as error:
        raise AnnotationError(path, f'is not well-formed XML ({error})',
                              REMEDY) from error


def voc_objects(root: ET.Element, path: str) -> List[ET.Element]:
    """The objects of an annotation in the format of Pascal VOC.

    Args:
        root (xml.etree.ElementTree.Element): Root of the file.
        path (str): The file, for messages.

    Returns:
        List[xml.etree.ElementTree.Element]: The elements ``<object>``, each
        with one ``<bndbox>``.

    Raises:
        AnnotationError: If there are boxes anywhere else, which would be
            lost silently.
    """
    for element in root:
        boxes = [each for each in element.iter() if
                 each.find('xmin') is not None]
        if element.tag != 'object' and boxes:
            raise AnnotationError(
                path, f'a box is in <{element.tag}> and not in <object>',
                REMEDY)
        if element.tag == 'object' and (
                len(boxes) > 1 or len(element.findall('bndbox')) != 1):
            raise AnnotationError(
                path, 'an <object> must hold one <bndbox>', REMEDY)
    return root.findall('object')
