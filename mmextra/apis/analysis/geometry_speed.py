"""Accuracy and speed of rotated IoU and NMS beside shapely and mmcv."""
import statistics
from types import ModuleType
from typing import Callable, Dict, List, Optional, Tuple

import numpy as np
import torch
from mmcv.ops import nms_rotated

from mmextra.evaluation.speed import take_turns, time_call
from mmextra.structures import box_corners, rotated_nms
from mmextra_runtime.rotated_iou import QuadList, pair_overlaps

try:
    import shapely
except ImportError:  # only these measurements know it
    shapely = None


def find_shapely() -> Optional[ModuleType]:
    """shapely 2, or None if it is not installed."""
    return shapely if hasattr(shapely, 'polygons') else None


def shapely_overlaps(boxes1: np.ndarray, boxes2: np.ndarray) -> np.ndarray:
    """IoU of pairs by shapely's vectorised functions.

    Args:
        boxes1 (np.ndarray): (n, 5) rotated boxes.
        boxes2 (np.ndarray): (n, 5), the same.

    Returns:
        np.ndarray: (n,) IoU.
    """
    library = find_shapely()
    assert library is not None
    one, two = (library.polygons(box_corners(boxes))
                for boxes in (boxes1, boxes2))
    common = library.area(library.intersection(one, two))
    return common / (library.area(one) + library.area(two) - common)


def our_overlaps(boxes1: np.ndarray, boxes2: np.ndarray) -> np.ndarray:
    """IoU of pairs of boxes of any kind, (n,)."""
    rows = np.arange(len(boxes1))
    return pair_overlaps(QuadList(boxes1), rows, QuadList(boxes2), rows)


def quad_overlaps(boxes1: np.ndarray, boxes2: np.ndarray) -> np.ndarray:
    """:func:`our_overlaps` of the same boxes as quadrilaterals."""
    one, two = (box_corners(boxes).reshape(-1, 8)
                for boxes in (boxes1, boxes2))
    return our_overlaps(one, two)


def random_boxes(rng: np.random.Generator, count: int,
                 spread: float = 100.) -> np.ndarray:
    """Boxes (count, 5) with sides of 2 to 80 pixels, at any angle."""
    low = [0., 0., 2., 2., -np.pi]
    high = [spread, spread, 80., 80., np.pi]
    return rng.uniform(low, high, (count, 5))


def adversarial_pairs(rng: np.random.Generator, count: int
                      ) -> Dict[str, Tuple[np.ndarray, np.ndarray]]:
    """Pairs on which implementations differ.

    Args:
        rng (np.random.Generator): The chance.
        count (int): Pairs of each kind.

    Returns:
        dict[str, tuple[np.ndarray, np.ndarray]]: Of each kind two lists of
        rotated boxes, (count, 5).
    """
    boxes = random_boxes(rng, count)
    thin = boxes.copy()
    thin[:, 3] = rng.uniform(.01, .2, count)
    along = np.stack([np.cos(boxes[:, 4]), np.sin(boxes[:, 4])], 1)
    slid = boxes.copy()
    slid[:, :2] += along * boxes[:, 2:3] / 4
    cx, cy, w, h, theta = boxes.T
    far = [7000., 7000., 0., 0., 0.]
    return {
        'random': (boxes, random_boxes(rng, count)),
        'identical': (boxes, boxes),
        'turned': (boxes, np.stack([cx, cy, h, w, theta + np.pi / 2], 1)),
        'collinear': (boxes, boxes + [0., 0., 1., 0., 0.]),
        'slid': (boxes, slid),
        'slivers': (thin, thin + rng.normal(0, .05, thin.shape) * [
            1, 1, 0, 0, .01]),
        'far away': (boxes + far, slid + far),
    }


def iou_accuracy(count: int) -> List[dict]:
    """Largest differences from shapely on adversarial pairs.

    Args:
        count (int): Pairs of each kind.

    Returns:
        list[dict]: ``pairs`` (the kind), ``rectangles`` and
        ``quadrilaterals``.
    """
    rows = []
    for kind, (one, two) in adversarial_pairs(
            np.random.default_rng(0), count).items():
        expected = shapely_overlaps(one, two)
        rows.append(dict(
            pairs=kind,
            rectangles=float(np.abs(our_overlaps(one, two) - expected).max()),
            quadrilaterals=float(
                np.abs(quad_overlaps(one, two) - expected).max())))
    return rows


def _medians(calls: Dict[str, Callable[[], object]],
             rounds: int) -> Dict[str, float]:
    """Milliseconds of processor time of each, taking turns."""
    def reading(call: Callable[[], object]) -> Callable[[], float]:
        return lambda: 1000 * time_call(call)['cpu']

    found = take_turns([reading(call) for call in calls.values()], rounds)
    return {name: statistics.median(values)
            for name, values in zip(calls, found)}


def iou_speed(pairs: int, rounds: int) -> dict:
    """Time for the IoU of random pairs.

    Args:
        pairs (int): Number of pairs.
        rounds (int): Of which the median is taken.

    Returns:
        dict: ``pairs``, ``rectangles_ms``, ``quadrilaterals_ms`` and, where
        it is installed, ``shapely_ms``.
    """
    rng = np.random.default_rng(0)
    one, two = random_boxes(rng, pairs), random_boxes(rng, pairs)
    calls: Dict[str, Callable[[], object]] = {
        'rectangles_ms': lambda: our_overlaps(one, two),
        'quadrilaterals_ms': lambda: quad_overlaps(one, two)}
    if find_shapely() is not None:
        calls['shapely_ms'] = lambda: shapely_overlaps(one, two)
    return dict(pairs=pairs, **_medians(calls, rounds))


def candidates(rng: np.random.Generator, count: int, ships: Optional[int],
               size: float) -> np.ndarray:
    """What a detector has before NMS.

    Args:
        rng (np.random.Generator): The chance.
        count (int): Number of boxes.
        ships (int, optional): On how many ships they lie; None spreads them.
        size (float): Side of the image in pixels.

    Returns:
        np.ndarray: (count, 5) boxes of ships.
    """
    low, high = [0., 0., 20., 6., -.78], [size, size, 120., 25., .78]
    if ships is None:
        return rng.uniform(low, high, (count, 5))
    ground_truths = rng.uniform(low, high, (ships, 5))
    boxes = ground_truths[rng.integers(0, ships, count)]
    boxes += rng.normal(0, 1, boxes.shape) * [3, 3, 4, 1.5, .05]
    boxes[:, 2:4] = np.maximum(boxes[:, 2:4], 1.)
    return boxes


def nms_speed(count: int, ships: Optional[int], rounds: int,
              size: float = 512., iou_threshold: float = .1) -> dict:
    """Time for the suppression of one image's candidates.

    Args:
        count (int): Number of candidates.
        ships (int, optional): See :func:`candidates`.
        rounds (int): Of which the median is taken.
        size (float): Side of the image in pixels.
        iou_threshold (float): Of the suppression.

    Returns:
        dict: ``candidates``, ``ships`` (0 if spread), ``ours_ms``,
        ``mmcv_ms``, ``ours_kept`` and ``mmcv_kept``.
    """
    rng = np.random.default_rng(0)
    boxes = candidates(rng, count, ships, size).astype(np.float32)
    scores = rng.permutation(count).astype(np.float32) / count
    labels = np.zeros(count, dtype=np.int64)
    tensors = torch.from_numpy(boxes), torch.from_numpy(scores)
    times = _medians({
        'ours_ms': lambda: rotated_nms(boxes, scores, labels, iou_threshold),
        'mmcv_ms': lambda: nms_rotated(*tensors, iou_threshold)}, rounds)
    return dict(
        candidates=count, ships=ships or 0, **times,
        ours_kept=len(rotated_nms(boxes, scores, labels, iou_threshold)),
        mmcv_kept=len(nms_rotated(*tensors, iou_threshold)[1]))
