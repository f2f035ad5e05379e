"""IoU of upright boxes."""
import numpy as np


def box_iou(first: np.ndarray,
            second: np.ndarray,
            plus_one: bool = True) -> np.ndarray:
    """IoU of two arrays of boxes that are broadcast against each other.

    Args:
        first (np.ndarray): (..., 4) ``x1, y1, x2, y2`` in pixels.
        second (np.ndarray): (..., 4), the same.
        plus_one (bool): Whether ``x2`` and ``y2`` are the last pixel of a
            box, so that its width is ``x2 - x1 + 1``.

    Returns:
        np.ndarray: (...) float64; NaN where a box is NaN.
    """
    first = np.asarray(first, np.float64)
    second = np.asarray(second, np.float64)
    one = float(plus_one)
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., 2:], second[..., 2:])
    common = np.clip(high - low + one, 0, None).prod(-1)
    areas = [(box[..., 2:] - box[..., :2] + one).prod(-1)
             for box in (first, second)]
    union = areas[0] + areas[1] - common
    return np.divide(
        common, union, out=np.full(union.shape, 0.), where=union != 0)
