"""Listed images of a Pascal VOC folder, smaller."""
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Sequence

import cv2

from mmextra.utils.files import write_image

from ..annotation_files import voc_box, voc_flag, voc_objects
from ..image_files import read_pixels
from ..text_files import read_ids, read_xml

FOLDERS = ('JPEGImages', 'Annotations', 'ImageSets/Main')


def shrink_voc(source: Path, target: Path, lists: Sequence[Path],
               long_side: int) -> int:
    """Copy what lists name, with a longer side of so many pixels.

    Images that are smaller are enlarged. Objects marked difficult are left
    out.

    Args:
        source (Path): Holds ``JPEGImages`` and ``Annotations``, as
            ``VOCdevkit/VOC2012`` does.
        target (Path): Gets the same folders, and the lists in
            ``ImageSets/Main``.
        lists (Sequence[Path]): Of names without extension, one a line.
        long_side (int): Pixels.

    Returns:
        int: The number of images.

    Raises:
        FileNotFoundError: If a list, an image or its file is missing.
        AnnotationError: If a file of an image is not VOC's.
        ValueError: If an image cannot be read, or the folders are one.
        OSError: If a file cannot be written.
    """
    if source.resolve() == target.resolve():
        raise ValueError(f'{target} would overwrite its own images; name '
                         'another folder')
    names = [name for each in lists for name in read_ids(str(each))]
    for name in names:
        for path in (source / 'JPEGImages' / f'{name}.jpg',
                     source / 'Annotations' / f'{name}.xml'):
            if not path.is_file():
                raise FileNotFoundError(
                    f'there is no {path}, which the lists name; {source} '
                    'must be whole, as VOCdevkit/VOC2012 is')
    for folder in FOLDERS:
        (target / folder).mkdir(parents=True, exist_ok=True)
    for name in names:
        image = read_pixels(str(source / 'JPEGImages' / f'{name}.jpg'))
        height, width = image.shape[:2]
        scale = long_side / max(height, width)
        size = round(width * scale), round(height * scale)
        path = source / 'Annotations' / f'{name}.xml'
        root = _scaled(read_xml(str(path)), str(path), size,
                       (size[0] / width, size[1] / height))
        write_image(
            target / 'JPEGImages' / f'{name}.jpg',
            cv2.resize(image, size, interpolation=cv2.INTER_AREA
                       if scale < 1 else cv2.INTER_LINEAR))
        ET.ElementTree(root).write(target / 'Annotations' / path.name)
    for each in lists:
        shutil.copy(each, target / 'ImageSets' / 'Main' / each.name)
    return len(names)


def _scaled(root: ET.Element, path: str, size: Sequence[int],
            scales: Sequence[float]) -> ET.Element:
    for k, element in enumerate(voc_objects(root, path)):
        place = f'{path}, object {k}'
        box = voc_box(element, place)
        if voc_flag(element, 'difficult', place):
            root.remove(element)
            continue
        for side, key in enumerate(('xmin', 'ymin', 'xmax', 'ymax')):
            # VOC counts pixels from 1 on, the last included.
            axis, first = side % 2, side < 2
            pixel = round((box[side] - first) * scales[axis]) + first
            _write(element, f'bndbox/{key}', min(max(pixel, 1), size[axis]))
    for axis, key in enumerate(('width', 'height')):
        _write(root, f'size/{key}', size[axis])
    return root


def _write(root: ET.Element, where: str, value: int) -> None:
    element = root.find(where)
    # Sizes are optional; of boxes voc_box has seen that they are there.
    if element is not None:
        element.text = str(value)
