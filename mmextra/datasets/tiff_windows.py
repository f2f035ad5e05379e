"""Windows of TIFF files, so that a large one need not be in memory."""
import io
from functools import lru_cache
from typing import Tuple, Union

import cv2
import numpy as np
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from .bad_input import AnnotationError
from .image_files import (
    ORIENTATION,
    check_channels,
    exceeds_limit,
    image_header,
    read_pixels,
    tiff_tags,
)

STRIP_OFFSETS, STRIP_ROWS, STRIP_BYTES = 273, 278, 279
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES = 322, 323, 324, 325
WIDTH, HEIGHT, PLANAR, COMPRESSION = 256, 257, 284, 259
OLD_JPEG = 6
# A TIFF of more pixels is read by windows: 192 MB as a whole.
LARGE = 1 << 26
# Of decoded parts are kept, at least one row of windows of 1024 pixels in a
# scene 30,000 wide.
CACHE_BYTES = 1 << 27
# What tells how the bytes of a part are to be understood.
MEANING = (258, 259, 262, 266, 277, 284, 292, 293, 317, 320, 338, 339, 347,
           530, 532)


class TiffWindows:
    """The pixels of a TIFF, decoded part by part as they are asked for.

    The strips or tiles of a TIFF are compressed one by one. Each that a
    window meets is decoded as a small TIFF of its own, by the decoder of all
    other images. It has the ``shape``, ``dtype`` and slices of an array.

    Args:
        path (str): The file.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is no TIFF of eight bits whose parts can be
            decoded alone.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, path: str) -> None:
        self.path = path
        header = image_header(path)
        tags = self._tags = tiff_tags(path)
        if tags is None or tags.get(PLANAR, 1) != 1 or tags.get(
                COMPRESSION) == OLD_JPEG or tags.get(ORIENTATION, 1) != 1:
            raise AnnotationError(
                path, 'cannot be read by windows; that needs a TIFF with the '
                'channels of a pixel side by side, without orientation',
                'Save it so, for example with gdal_translate -co '
                'INTERLEAVE=PIXEL -co TILED=YES -co BIGTIFF=YES')
        self.shape = (header.height, header.width, 3)
        if TILE_OFFSETS in tags:
            self._part = tags[TILE_HEIGHT], tags[TILE_WIDTH]
            self._offsets, self._sizes = tags[TILE_OFFSETS], tags[TILE_BYTES]
        else:
            self._part = (min(tags.get(STRIP_ROWS, header.height),
                              header.height), header.width)
            self._offsets, self._sizes = (tags[STRIP_OFFSETS],
                                          tags[STRIP_BYTES])
        # Neighbouring windows share parts.
        self._decode = lru_cache(maxsize=max(
            CACHE_BYTES // (3 * self._part[0] * self._part[1]), 1))(
                self._decode_part)

    def __getitem__(self, key: Tuple[slice, slice]) -> np.ndarray:
        """Decode a window.

        Args:
            key (tuple[slice, slice]): Rows and columns, without steps.

        Returns:
            np.ndarray: (h, w, 3) uint8 BGR.
        """
        (top, bottom, _), (left, right, _) = (
            each.indices(side) for each, side in zip(key, self.shape))
        rows, columns = self._part
        across = -(-self.shape[1] // columns)
        window = np.zeros((max(bottom - top, 0), max(right - left, 0), 3),
                          np.uint8)
        for row in range(top // rows, -(-bottom // rows)):
            for column in range(left // columns, -(-right // columns)):
                part = self._decode(row * across + column)
                y, x = row * rows, column * columns
                cut = part[max(top - y, 0):bottom - y,
                           max(left - x, 0):right - x]
                y, x = max(y - top, 0), max(x - left, 0)
                window[y:y + len(cut), x:x + cut.shape[1]] = cut[
                    :len(window) - y, :window.shape[1] - x]
        return window

    def _decode_part(self, number: int) -> np.ndarray:
        rows, columns = self._part
        if TILE_OFFSETS not in self._tags:
            rows = min(rows, self.shape[0] - number * rows)
        if not self._sizes[number]:
            # What GDAL leaves out of a sparse file.
            return np.zeros((rows, columns, 3), np.uint8)
        with open(self.path, 'rb') as file:
            file.seek(self._offsets[number])
            data = file.read(self._sizes[number])
        tags = ImageFileDirectory_v2()
        for tag in MEANING:
            if tag in self._tags:
                tags.tagtype[tag] = self._tags.tagtype[tag]
                tags[tag] = self._tags[tag]
        # The offset counts from the end of the directory.
        tags[WIDTH], tags[HEIGHT], tags[STRIP_ROWS] = columns, rows, rows
        tags[STRIP_OFFSETS], tags[STRIP_BYTES] = 0, len(data)
        small = io.BytesIO()
        tags.save(small)
        part = cv2.imdecode(np.frombuffer(small.getvalue() + data, np.uint8),
                            cv2.IMREAD_COLOR)
        if part is None or part.shape[:2] != (rows, columns):
            raise AnnotationError(
                self.path, f'part {number} cannot be decoded',
                'Replace a damaged file')
        return part


def open_pixels(path: str) -> Union[np.ndarray, TiffWindows]:
    """The pixels of an image, of a large TIFF window by window.

    Args:
        path (str): The file.

    Returns:
        np.ndarray or TiffWindows: (h, w, 3) uint8 BGR; the latter for a TIFF
        of more than :data:`LARGE` pixels. One that has no windows is read
        as a whole as long as OpenCV decodes it.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: See :func:`~.image_files.read_pixels`, and
            :class:`TiffWindows`.
    """
    beyond = exceeds_limit(path)
    if not beyond and not exceeds_limit(path, LARGE):
        return read_pixels(path)
    check_channels(path)
    if tiff_tags(path) is None:
        # Refuses what OpenCV does not decode.
        return read_pixels(path)
    try:
        return TiffWindows(path)
    except AnnotationError:
        if beyond:
            raise
        return read_pixels(path)


def overview(pixels: Union[np.ndarray, TiffWindows], side: int = 4096
             ) -> Tuple[np.ndarray, int]:
    """A large scene made small enough to be looked at.

    Args:
        pixels (np.ndarray or TiffWindows): (h, w, 3) BGR.
        side (int): The longer side may have so many pixels.

    Returns:
        tuple[np.ndarray, int]: The picture, and how many pixels of the scene
        one of its has in a row.
    """
    height, width = pixels.shape[:2]
    factor = max(-(-max(height, width) // side), 1)
    if factor == 1:
        return np.asarray(pixels[0:height, 0:width]), 1
    small = np.zeros((-(-height // factor), -(-width // factor), 3),
                     np.uint8)
    # Bands as high as a row of parts is likely to be, so that none is
    # decoded often.
    band = max(1024 // factor, 1)
    for top in range(0, len(small), band):
        rows = pixels[top * factor:min((top + band) * factor, height),
                      0:width]
        part = small[top:top + band]
        part[:] = cv2.resize(rows, part.shape[1::-1],
                             interpolation=cv2.INTER_AREA)
    return small, factor
