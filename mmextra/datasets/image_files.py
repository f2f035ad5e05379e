"""Images of a data set: found by id whatever their extension, sized as the
loader gives them, and refused where the loader would spoil them."""
import os
import os.path as osp
import threading
from contextlib import contextmanager
from functools import lru_cache
from typing import Dict, Iterator, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from .bad_input import AnnotationError

EXTENSIONS = ('.bmp', '.png', '.jpg', '.jpeg', '.tif', '.tiff')
# Tags of TIFF.
WIDTH, HEIGHT, BITS, SAMPLES, ORIENTATION = 256, 257, 258, 277, 274
# Orientations that exchange width and height.
TURNED = (5, 6, 7, 8)
LIMIT_NAME = 'OPENCV_IO_MAX_IMAGE_PIXELS'
# OpenCV reads it when it is loaded; afterwards it stays.
PIXEL_LIMIT = int(os.environ.get(LIMIT_NAME) or 1 << 30)
_limit_lock = threading.Lock()


class ImageHeader(NamedTuple):
    """What the header of an image says.

    Attributes:
        width: In pixels, as the loader gives it: after the orientation.
        height: The same.
        mode: Pillow's mode; empty if Pillow has none for such an image.
        bits: Of a channel.
        samples: Channels, as far as the mode does not tell.
    """
    width: int
    height: int
    mode: str
    bits: int
    samples: int = 1


def is_stranger(name: str) -> bool:
    """Whether a file is none of a data set: hidden, as systems leave them
    behind (``.DS_Store``, ``._0001.jpg``)."""
    return name.startswith('.')


def index_images(folder: str, extensions: Sequence[str] = EXTENSIONS
                 ) -> Dict[str, str]:
    """The images in a folder.

    Args:
        folder (str): The folder.
        extensions (Sequence[str]): Those of images, in lower case.

    Returns:
        dict[str, str]: Id (the name without extension) to path, sorted by
        id. Of several files with one id the first kind in ``extensions``
        counts; upper case is the same as lower case. Hidden files are
        passed over.

    Raises:
        FileNotFoundError: If there is no such folder.
    """
    found = []
    for name in os.listdir(folder):
        stem, extension = osp.splitext(name)
        if extension.lower() in extensions and not is_stranger(name):
            kind = extensions.index(extension.lower())
            found.append((stem, -kind, name))
    # The last of equal keys stays: the first kind.
    return {stem: osp.join(folder, name) for stem, _, name in sorted(found)}


def image_header(path: str) -> ImageHeader:
    """What the header of an image says; nothing is decoded.

    Args:
        path (str): The file.

    Returns:
        ImageHeader: See there.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not an image.
    """
    return _cached_header(path, os.stat(path).st_mtime_ns)


def image_size(path: str) -> Tuple[int, int]:
    """Width and height of an image as ``LoadImageFromFile`` gives it, from
    its header alone: an EXIF orientation is applied.

    Args:
        path (str): The file.

    Returns:
        tuple[int, int]: Width and height in pixels.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not an image.
    """
    return image_header(path)[:2]


def image_depth(path: str) -> Tuple[str, int]:
    """How an image keeps its values, from its header alone.

    Args:
        path (str): The file.

    Returns:
        tuple[str, int]: Pillow's mode, and bits of a channel; the mode does
        not tell them, for Pillow reads colours of 16 bits as ``RGB`` too.

    Raises:
        OSError: If the file is missing or not an image.
    """
    try:
        return image_header(path)[2:4]
    except ValueError as error:
        cause = error.__cause__
        raise cause if isinstance(cause, OSError) else OSError(
            str(error)) from error


def check_loadable(path: str) -> None:
    """Refuse what the usual loader cannot decode, or would spoil silently.

    It makes eight bits of sixteen by dropping the lower ones: data of
    twelve bits turn black.

    Args:
        path (str): The image; one that is missing or none is left to the
            loader.

    Raises:
        AnnotationError: If it has more than eight bits in a channel, more
            than four channels, or more pixels than OpenCV decodes.
    """
    check_channels(path)
    check_pixels(path)


def check_pixels(path: str) -> None:
    """The part of :func:`check_loadable` that is about size."""
    if exceeds_limit(path):
        width, height = image_size(path)
        pixels = width * height
        raise AnnotationError(
            path, f'has {width} x {height} = {pixels} pixels, OpenCV decodes '
            f'up to {PIXEL_LIMIT}', 'Cut it into tiles, a TIFF with '
            'tools/dataset_converters/tile_images.py, or set the environment '
            f'variable {LIMIT_NAME}={pixels} before Python starts')


def exceeds_limit(path: str, limit: Optional[int] = None) -> bool:
    """Whether an image has more pixels, by default than OpenCV decodes."""
    try:
        header = image_header(path)
    except (OSError, ValueError):
        return False
    return header.width * header.height > (
        PIXEL_LIMIT if limit is None else limit)


def check_channels(path: str, deep: bool = False) -> None:
    """The part of :func:`check_loadable` that is about channels, or of that
    about their number only, for one who takes ``deep`` ones."""
    try:
        header = image_header(path)
    except (OSError, ValueError):
        return
    if header.bits > 8 and not deep:
        raise AnnotationError(
            path, f'has {header.bits} bits per channel (mode '
            f'{header.mode or "unknown"}), of which LoadImageFromFile would '
            'keep the upper eight at most', 'Stretch it to eight bits, all '
            'images of a data set by one scale, for example with '
            'gdal_translate -ot Byte -scale LOW HIGH 0 255')
    if header.samples > 4:
        raise AnnotationError(
            path, f'has {header.samples} channels',
            'Keep three of them, for example with gdal_translate -b 1 -b 2 '
            '-b 3')


def read_pixels(path: str) -> np.ndarray:
    """Decode an image as the pipelines do.

    Args:
        path (str): The file.

    Returns:
        np.ndarray: (h, w, 3) uint8 BGR; alpha is dropped, palettes and
        grey become colours, an EXIF orientation is applied.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no image, or one that :func:`check_loadable`
            refuses.
    """
    path = str(path)
    if not osp.isfile(path):
        raise FileNotFoundError(f'there is no image {path}')
    check_loadable(path)
    try:
        # Not cv2.imread, which fails on TIFF with an orientation.
        pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # an empty file
        pixels = None
    if pixels is None:
        raise ValueError(f'{path} cannot be read as an image; remove it or '
                         'restore it')
    return pixels


def check_uint8(pixels: np.ndarray, what: str) -> None:
    """Refuse pixels of another type than networks are trained on.

    Args:
        pixels (np.ndarray): The pixels.
        what (str): What they are, for the message.

    Raises:
        ValueError: Names the type and the range.
    """
    if pixels.dtype != np.uint8:
        raise ValueError(
            f'{what} must be of type uint8, from 0 to 255; got '
            f'{pixels.dtype} from {pixels.min():g} to {pixels.max():g}. '
            'Stretch it first, for example (255 * pixels).round()'
            '.astype(np.uint8) for values from 0 to 1')


@contextmanager
def _no_pixel_limit() -> Iterator[None]:
    """Let Pillow open images of any size; their headers are harmless."""
    with _limit_lock:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _open_header(path: str) -> Image.Image:
    try:
        return Image.open(path)
    # Both are about pixels, of which none is decoded.
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        with _no_pixel_limit():
            return Image.open(path)


@lru_cache(maxsize=1 << 16)
def _cached_header(path: str, _: int) -> ImageHeader:
    try:
        with _open_header(path) as image:
            return _pillow_header(image)
    # Pillow tells broken files by errors of any kind.
    except Exception as error:
        header = _tiff_header(path)
        if header is None:
            raise ValueError(
                f'{path}: cannot be read as an image ({error}). Replace it, '
                'take it out of the split, or set on_error="skip".'
            ) from error
        return header


def _pillow_header(image: Image.Image) -> ImageHeader:
    bits = 16 if image.mode[0] in 'IF' else 8
    if image.format == 'TIFF':
        # Pillow turns the size of some versions on, the tags never are.
        return _from_tags(image.tag_v2, image.mode, bits)
    width, height = image.size
    if image.format == 'PNG':
        image.fp.seek(24)
        bits = max(bits, image.fp.read(1)[0])
    if 'exif' in image.info and _orientation(image) in TURNED:
        width, height = height, width
    return ImageHeader(width, height, image.mode, bits)


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(ORIENTATION, 1)
    # Damaged EXIF of any kind: the loader goes on without it.
    except Exception:
        return 1


def _from_tags(tags, mode: str, bits: int) -> ImageHeader:
    width, height = tags[WIDTH], tags[HEIGHT]
    if tags.get(ORIENTATION) in TURNED:
        width, height = height, width
    return ImageHeader(width, height, mode,
                       max(bits, *tags.get(BITS, (1, ))),
                       tags.get(SAMPLES, 1))


def tiff_tags(path: str) -> Optional[ImageFileDirectory_v2]:
    """The tags of the first image of a TIFF; None if it is none."""
    with open(path, 'rb') as file:
        start = file.read(8)
        if start[:4] not in (b'II*\0', b'MM\0*', b'II+\0'):
            return None
        if start[2] == ord('+'):
            start += file.read(8)
        tags = ImageFileDirectory_v2(start)
        file.seek(tags.next)
        tags.load(file)
        return tags


def _tiff_header(path: str) -> Optional[ImageHeader]:
    """The header of a TIFF of which Pillow makes no image, or None."""
    try:
        tags = tiff_tags(path)
        return tags and _from_tags(tags, '', 8)
    except Exception:
        return None
