"""Pictures of single instances, as supports of few-shot detectors."""
from typing import NamedTuple, Sequence, Tuple

import cv2
import numpy as np


class SquareCrop(NamedTuple):
    """Where a square crop lies.

    Attributes:
        window: x1, y1, x2, y2 of the part of the image, whole pixels.
        side: Side of the square canvas in pixels.
        offset: x and y of the window in the canvas.
    """
    window: Tuple[int, int, int, int]
    side: int
    offset: Tuple[int, int]


def square_crop(bbox: Sequence[float], width: int, height: int,
                context: int = 16) -> SquareCrop:
    """The square around a box, with context along its longer side.

    The context shrinks at the border of the image. Along the shorter side
    the square shows the image where it covers it.

    Args:
        bbox (Sequence[float]): x1, y1, x2, y2 in pixels.
        width (int): Width of the image.
        height (int): Height of the image.
        context (int): Pixels on either end of the longer side.

    Returns:
        SquareCrop: The crop.

    Raises:
        ValueError: If nothing of the box is in the image.
    """
    x1, y1, x2, y2 = (int(value) for value in bbox)
    if x2 - x1 >= y2 - y1:
        low, high, start, end, side, offset = _along(
            x1, x2, y1, y2, width, height, context)
        crop = SquareCrop((low, start, high, end), side, (0, offset))
    else:
        low, high, start, end, side, offset = _along(
            y1, y2, x1, x2, height, width, context)
        crop = SquareCrop((start, low, end, high), side, (offset, 0))
    if low >= high or start >= end:
        raise ValueError(outside(bbox, width, height))
    return crop


def outside(bbox: Sequence[float], width: int, height: int) -> str:
    """The words for a box outside of its image."""
    return (f'the box {[float(value) for value in bbox]} lies outside of the '
            f'image of {width} x {height} pixels')


def _along(a1, a2, b1, b2, size_a, size_b, context) -> Tuple[int, ...]:
    """Limits along the longer side a and the shorter side b."""
    low, high = max(0, a1 - context), min(size_a, a2 + context)
    side = high - low
    centre = int((b1 + b2) / 2)
    start = max(0, int(centre - side / 2))
    end = min(size_b, int(centre + side / 2))
    return low, high, start, end, side, int((side - (end - start)) / 2)


def crop_instance(image: np.ndarray, box: np.ndarray, context: int,
                  side: int) -> Tuple[np.ndarray, np.ndarray, int]:
    """Crop an object with some context, square, and resize it.

    Args:
        image (np.ndarray): (h, w, 3) pixels.
        box (np.ndarray): (4,) x1, y1, x2, y2 of the object in pixels.
        context (int): See :func:`square_crop`.
        side (int): Side of the result in pixels.

    Returns:
        tuple[np.ndarray, np.ndarray, int]: (side, side, 3) pixels, the box
        in them, and the side of the square before resizing.

    Raises:
        ValueError: If nothing of the box is in the image.
    """
    height, width = image.shape[:2]
    # Else the square would be centred where there is no image.
    inside = box.clip(0, [width, height, width, height])
    if (inside[2:] <= inside[:2]).any():
        raise ValueError(outside(box, width, height))
    (x1, y1, x2, y2), own, (dx, dy) = square_crop(
        inside, width, height, context)
    canvas = np.zeros((own, own, *image.shape[2:]), image.dtype)
    canvas[dy:dy + y2 - y1, dx:dx + x2 - x1] = image[y1:y2, x1:x2]
    moved = (inside - [x1, y1, x1, y1] + [dx, dy, dx, dy]) * (side / own)
    pixels = cv2.resize(canvas, (side, side), interpolation=cv2.INTER_LINEAR)
    return pixels, moved.clip(0, side), own
