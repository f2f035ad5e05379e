"""Putting the small masks of boxes into the image."""
from typing import Tuple

import numpy as np


def paste_masks(masks: np.ndarray, boxes: np.ndarray,
                shape: Tuple[int, int], threshold: float) -> np.ndarray:
    """Masks of the image's size, as mmdet's ``FCNMaskHead`` pastes them.

    Bilinear, with pixels as squares: place (x + 0.5) of the image is place
    (x + 0.5 - x1) / (x2 - x1) of the mask; beyond it lie zeros.

    Args:
        masks (np.ndarray): (n, m, m) probabilities.
        boxes (np.ndarray): (n, 4) ``x1, y1, x2, y2`` in pixels.
        shape (tuple[int, int]): Height and width of the image.
        threshold (float): Lowest probability of a mask's pixel.

    Returns:
        np.ndarray: (n, h, w) bool.
    """
    height, width = shape
    out = np.zeros((len(masks), height, width), bool)
    for mask, box, target in zip(masks, boxes.astype(np.float32), out):
        x1, y1 = max(int(box[0]) - 1, 0), max(int(box[1]) - 1, 0)
        x2 = min(int(np.ceil(box[2])) + 1, width)
        y2 = min(int(np.ceil(box[3])) + 1, height)
        if x1 >= x2 or y1 >= y2:
            continue
        rows = _weights(y1, y2, box[1], box[3], mask.shape[0])
        cols = _weights(x1, x2, box[0], box[2], mask.shape[1])
        target[y1:y2, x1:x2] = rows @ mask @ cols.T >= threshold
    return out


def _weights(begin: int, end: int, low: float, high: float,
             size: int) -> np.ndarray:
    """(end - begin, size): how a pixel mixes the mask's places."""
    place = (np.arange(begin, end, dtype=np.float32) + 0.5 - low) / max(
        high - low, 1e-6) * size - 0.5
    first = np.floor(place)
    share = place - first
    out = np.zeros((end - begin, size), np.float32)
    pixel = np.arange(end - begin)
    for index, weight in ((first, 1 - share), (first + 1, share)):
        inside = (index >= 0) & (index < size)
        out[pixel[inside], index[inside].astype(int)] += weight[inside]
    return out
