"""Cutting large images into overlapping tiles, and putting boxes together.

One arithmetic for the converter that cuts a data set, for tiled inference
and for the metric on full images. A tile is named as DOTA's tools do:
``<image id>__<size>__<x>___<y>``, x and y its upper left pixel.
"""
import re
from typing import List, NamedTuple, Optional, Protocol, Sequence, Tuple

import numpy as np

from .rotated_iou import box_corners

TILE_ID = re.compile(r'(?P<image>.+)__(?P<size>\d+)__(?P<x>\d+)___(?P<y>\d+)')
RATED_ID = re.compile(
    r'(?P<image>.+)__(?P<rate>\d+(?:\.\d+)?)__(?P<x>\d+)___(?P<y>\d+)')
# No tool resizes by more, and no tile is smaller.
LARGEST_RATE = 16


class Tile(NamedTuple):
    """A tile: image id, edge length and upper left corner in pixels."""

    image: str
    size: int
    x: int
    y: int

    def __str__(self) -> str:
        return f'{self.image}__{self.size}__{self.x}___{self.y}'


def parse_tile_id(tile_id: str) -> Tile:
    """Read the place of a tile from its name.

    Args:
        tile_id (str): ``<image id>__<size>__<x>___<y>``.

    Returns:
        Tile: The parts.

    Raises:
        ValueError: If the name has another form.
    """
    match = TILE_ID.fullmatch(str(tile_id))
    if match is None:
        raise ValueError(
            f'{tile_id!r} is no tile name <id>__<size>__<x>___<y>; cut the '
            'images by tools/dataset_converters/tile_images.py')
    return Tile(match['image'], int(match['size']), int(match['x']),
                int(match['y']))


def locate_tile(tile_id: str, shape: Optional[Sequence[int]] = None
                ) -> Tuple[Tile, float]:
    """Where a tile lies, whichever tool cut it.

    DOTA_devkit names a tile ``<image id>__<rate>__<x>___<y>``, by the rate
    at which the image was resized before it was cut; x, y and the size are
    pixels of the resized image, and the size is in the file alone.

    Args:
        tile_id (str): Name of the tile.
        shape (Sequence[int], optional): (h, w, ...) of its file.

    Returns:
        tuple[Tile, float]: The tile in pixels of the resized image, and the
        rate; a point divided by it is one of the full image.

    Raises:
        ValueError: If the name has another form, or does not fit the file.
    """
    match = RATED_ID.fullmatch(str(tile_id))
    if match is None:
        return parse_tile_id(tile_id), 1.
    rate, edge = float(match['rate']), max(shape[:2]) if shape else 0
    if match['rate'].isdigit() and rate >= (edge or LARGEST_RATE + 1):
        return parse_tile_id(tile_id), 1.
    if not edge or not 0 < rate <= LARGEST_RATE:
        raise ValueError(
            f'{tile_id!r}: {match["rate"]} is neither the size of a tile of '
            f'{tuple(shape[:2]) if shape else "unknown"} pixels (h, w) nor '
            f'a rate up to {LARGEST_RATE}, as DOTA_devkit writes it' +
            ('' if shape else '; keep ori_shape among the meta keys of the '
             'test pipeline, from which the size is taken'))
    return Tile(match['image'], edge, int(match['x']), int(match['y'])), rate


def tile_starts(length: int, size: int, overlap: int) -> List[int]:
    """Where the tiles along one side of an image begin.

    The step is ``size - overlap``. The last tile is moved back until it
    ends with the image, so none reaches beyond it; an image not longer than
    a tile has the one that begins at 0.

    Args:
        length (int): Side of the image in pixels.
        size (int): Side of a tile in pixels.
        overlap (int): Pixels that neighbours share at least.

    Returns:
        List[int]: Rising starts.

    Raises:
        ValueError: If a length is not positive or the overlap is not
            smaller than the tile.
    """
    if length <= 0 or size <= 0 or not 0 <= overlap < size:
        raise ValueError(
            'tiling needs length > 0, size > 0 and 0 <= overlap < size, got '
            f'length={length}, size={size}, overlap={overlap}')
    last = max(length - size, 0)
    return [*range(0, last, size - overlap), last]


def image_tiles(image: str, width: int, height: int, size: int,
                overlap: int) -> List[Tile]:
    """All tiles of an image, row by row.

    Args:
        image (str): Id of the image.
        width (int): Its width in pixels.
        height (int): Its height in pixels.
        size (int): Side of a tile.
        overlap (int): Pixels that neighbours share at least.

    Returns:
        List[Tile]: The tiles.

    Raises:
        ValueError: See :func:`tile_starts`.
    """
    return [
        Tile(image, size, x, y) for y in tile_starts(height, size, overlap)
        for x in tile_starts(width, size, overlap)
    ]


class Pixels(Protocol):
    """An array, or what is cut like one without being whole in memory."""

    @property
    def shape(self) -> Tuple[int, ...]:
        ...

    @property
    def dtype(self) -> np.dtype:
        ...

    def __getitem__(self, key: Tuple[slice, slice]) -> np.ndarray:
        ...


def cut_tile(image: Pixels, tile: Tile) -> np.ndarray:
    """Cut one tile out of an image, zeros where the image is smaller.

    Args:
        image (Pixels): (h, w) or (h, w, c) pixels.
        tile (Tile): The tile.

    Returns:
        np.ndarray: (size, size[, c]) pixels; a view where it can be.
    """
    part = image[tile.y:tile.y + tile.size, tile.x:tile.x + tile.size]
    if part.shape[:2] == (tile.size, tile.size):
        return part
    padded = np.zeros((tile.size, tile.size) + image.shape[2:], image.dtype)
    padded[:part.shape[0], :part.shape[1]] = part
    return padded


def is_sliver(boxes: np.ndarray, tile: Tile, width: int, height: int,
              margin: float = 8.) -> np.ndarray:
    """Find predictions that are the cut end of an object.

    A box is one if it touches an inner edge of its tile (one that another
    tile overlaps) and its centre is within ``margin`` of that edge. The
    whole object is in the neighbour, while the sliver overlaps it too
    little for suppression.

    Args:
        boxes (np.ndarray): (n, 4), (n, 5) or (n, 8) boxes in pixels of the
            tile.
        tile (Tile): The tile.
        width (int): Width of the full image in pixels.
        height (int): Its height.
        margin (float): Distance in pixels; 0 finds nothing.

    Returns:
        np.ndarray: (n,) bool.
    """
    corners = box_corners(boxes)
    centre, low, high = corners.mean(1), corners.min(1), corners.max(1)
    found = np.zeros(len(corners), dtype=bool)
    for axis, start, length in ((0, tile.x, width), (1, tile.y, height)):
        if start > 0:
            found |= (low[:, axis] <= 1) & (centre[:, axis] < margin)
        if start + tile.size < length:
            found |= (high[:, axis] >= tile.size - 1) & (
                centre[:, axis] > tile.size - margin)
    return found
