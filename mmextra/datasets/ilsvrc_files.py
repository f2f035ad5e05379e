"""Videos of ILSVRC as they lie on disk."""
import fnmatch
import os
import os.path as osp
import xml.etree.ElementTree as ET
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

from .annotation_files import voc_box, voc_int, voc_name, voc_objects, voc_size
from .bad_input import AnnotationError
from .class_names import VID_ALIASES, fold
from .ilsvrc_classes import VID_CLASSES
from .image_files import is_stranger
from .text_files import read_xml

# Files name classes by WordNet id; those of other tools by their names.
WNIDS = {fold(name): wnid for name, wnid in VID_CLASSES.items()}
WNIDS.update({word: WNIDS.get(folded, word)
              for word, folded in VID_ALIASES.items()})
IMAGES = ('.JPEG', '.jpg', '.jpeg', '.JPG', '.png', '.PNG')


class VIDObject(NamedTuple):
    """An object of an annotation file.

    Attributes:
        wnid: WordNet id of its class.
        track: Its track within the video.
        bbox: ``x1, y1, x2, y2``, pixels.
        occluded: 0 or 1.
        generated: 0 or 1; whether the box was interpolated.
    """
    wnid: str
    track: int
    bbox: Tuple[float, float, float, float]
    occluded: int
    generated: int


def read_annotation(path: str) -> Tuple[int, int, List[VIDObject]]:
    """Read an annotation file of ILSVRC.

    Args:
        path (str): The XML file.

    Returns:
        tuple[int, int, list[VIDObject]]: Width, height and objects.

    Raises:
        AnnotationError: If it cannot be understood.
    """
    root = read_xml(path)
    size = voc_size(root)
    if size is None:
        raise AnnotationError(
            path, 'is no ILSVRC annotation: it has no <size> with a width '
            'and a height', 'Replace the file, or take it away; a frame '
            'without file is left out')
    objects = [_read_object(item, f'{path}, object {k}', k)
               for k, item in enumerate(voc_objects(root, path))]
    return (*size, objects)


def _read_object(item: ET.Element, where: str, number: int) -> VIDObject:
    name = voc_name(item, where)
    return VIDObject(
        wnid=WNIDS.get(fold(name), name),
        track=voc_int(item, 'trackid', where, number),
        bbox=voc_box(item, where),
        occluded=voc_int(item, 'occluded', where),
        generated=voc_int(item, 'generated', where))


def xml_files(folder: str) -> Iterator[Tuple[str, List[str]]]:
    """Every folder below one that holds XML files, and their names."""
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        # A link to a folder above would lead in a circle.
        real = osp.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders
                            if not is_stranger(name))
        names = [name for name in files
                 if name.lower().endswith('.xml') and not is_stranger(name)]
        if names:
            yield place, names


def find_videos(root: str, patterns: Sequence[str]) -> List[str]:
    """Videos with annotations, by the pattern of their names.

    Args:
        root (str): Folder with ``Annotations/VID``.
        patterns (Sequence[str]): Shell patterns, ``*`` also matches
            slashes: ``'train/*'``.

    Returns:
        list[str]: Paths below ``Annotations/VID``, sorted.

    Raises:
        FileNotFoundError: If no video is found.
    """
    base = osp.join(root, 'Annotations', 'VID')
    found = []
    for place, _ in xml_files(base):
        name = osp.relpath(place, base).replace(os.sep, '/')
        if any(fnmatch.fnmatchcase(name, each) for each in patterns):
            found.append(name)
    if not found:
        raise FileNotFoundError(
            f'no video with XML files is in {osp.abspath(base)} whose path '
            f'matches {" or ".join(patterns)}. Expected is '
            'Annotations/VID/<split>/.../<video>/000000.xml and '
            'Data/VID/<split>/.../<video>/000000.JPEG.')
    return sorted(found)


class FrameFile(NamedTuple):
    """A frame: its number, the stem of its files, and what they hold."""
    number: int
    stem: str
    width: int
    height: int
    objects: List[VIDObject]
    extension: str = '.JPEG'


def read_video(root: str, name: str,
               extension: str = '.JPEG') -> List[FrameFile]:
    """Read all annotations of a video.

    Args:
        root (str): Folder with ``Annotations`` and ``Data``.
        name (str): Path of the video below ``Annotations/VID``.
        extension (str): Of the images; others of ``IMAGES`` are taken where
            there is none of it.

    Returns:
        list[FrameFile]: In the order of their numbers, not of their names.

    Raises:
        AnnotationError: If a file is broken, an image missing, or the
            frames differ in size.
    """
    folder = osp.join(root, 'Annotations', 'VID', name)
    images = _extensions(osp.join(root, 'Data', 'VID', name), extension)
    frames = []
    for file_name in os.listdir(folder):
        stem, suffix = osp.splitext(file_name)
        if suffix.lower() != '.xml' or is_stranger(file_name):
            continue
        path = osp.join(folder, file_name)
        if not stem.isdigit():
            raise AnnotationError(path, 'the name is not a frame number',
                                  'Name frames 000000.xml, 000001.xml, ...')
        if stem not in images:
            raise AnnotationError(
                osp.join(root, 'Data', 'VID', name, stem + extension),
                f'this image of {path} is missing',
                'Restore it, or remove the XML file to leave the frame out')
        frames.append(FrameFile(int(stem), stem, *read_annotation(path),
                                images[stem]))
    frames.sort()
    sizes = {(f.width, f.height) for f in frames}
    if len(sizes) > 1:
        raise AnnotationError(
            folder, f'frames have the sizes {sorted(sizes)}',
            'A video must be of one size; split it where the size changes')
    return frames


def _extensions(folder: str, wanted: str) -> Dict[str, str]:
    """Of each image in a folder the extension, the wanted one first."""
    if not osp.isdir(folder):
        return {}
    kinds = [wanted, *(each for each in IMAGES if each != wanted)]
    found: Dict[str, str] = {}
    for name in os.listdir(folder):
        stem, suffix = osp.splitext(name)
        if suffix in kinds and kinds.index(suffix) <= kinds.index(
                found.get(stem, kinds[-1])):
            found[stem] = suffix
    return found
