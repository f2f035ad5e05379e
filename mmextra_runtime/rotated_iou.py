"""Exact IoU of rotated boxes and quadrilaterals in float64.

``mmcv.ops.box_iou_rotated`` merges nearly equal intersection points and so
loses corners of rectangles with collinear edges: a box against itself
written with the angle turned by pi can give 0
(https://github.com/open-mmlab/mmcv/issues/2621). Metrics and the merging of
tiles, where such pairs are the rule, use these functions instead.
"""
from typing import Tuple

import numpy as np

# Pairs clipped at once: bounds the temporaries to some tens of MB.
CHUNK = 1 << 15


def box_corners(boxes: np.ndarray) -> np.ndarray:
    """Corners of boxes of any kind that mmdet and mmrotate know.

    Args:
        boxes (np.ndarray): (n, 4) ``x1, y1, x2, y2``, (n, 5)
            ``cx, cy, w, h, theta`` with theta in radians, clockwise on the
            image (y down), or (n, 8) ``x1, y1, ..., x4, y4``.

    Returns:
        np.ndarray: (n, 4, 2) float64 corners in order round the box.

    Raises:
        ValueError: If the boxes have another shape.
    """
    boxes = np.asarray(boxes, dtype=np.float64)
    if boxes.ndim != 2 or boxes.shape[1] not in (4, 5, 8):
        raise ValueError(
            'boxes must have shape (n, 4), (n, 5) or (n, 8), got '
            f'{boxes.shape}')
    if boxes.shape[1] == 8:
        return boxes.reshape(-1, 4, 2)
    if boxes.shape[1] == 4:
        return boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    centre, w, h, theta = np.split(boxes, [2, 3, 4], axis=1)
    along = np.concatenate([np.cos(theta), np.sin(theta)], 1) * w / 2
    across = np.concatenate([-np.sin(theta), np.cos(theta)], 1) * h / 2
    return np.stack([
        centre - along - across, centre + along - across,
        centre + along + across, centre - along + across
    ], axis=1)


def polygon_area(corners: np.ndarray) -> np.ndarray:
    """Signed areas of polygons, positive when clockwise on the image.

    Args:
        corners (np.ndarray): (n, k, 2) corners, k >= 1.

    Returns:
        np.ndarray: (n,) areas.
    """
    local = corners - corners[:, :1]
    following = np.roll(local, -1, axis=1)
    return 0.5 * (local[..., 0] * following[..., 1] -
                  local[..., 1] * following[..., 0]).sum(1)


def clip_halfplane(polygons: np.ndarray, start: np.ndarray,
                   end: np.ndarray) -> np.ndarray:
    """One Sutherland-Hodgman step for many polygons at once.

    Args:
        polygons (np.ndarray): (n, k, 2) corners. Surplus places repeat a
            corner, which changes no area.
        start (np.ndarray): (n, 2) where the cutting edge begins.
        end (np.ndarray): (n, 2) where it ends; the side that lies on the
            right hand on the image (positive cross product) is kept.

    Returns:
        np.ndarray: (n, k', 2) what is left; all corners are equal where
        nothing is.
    """
    edge = (end - start)[:, None]
    offset = polygons - start[:, None]
    side = edge[..., 0] * offset[..., 1] - edge[..., 1] * offset[..., 0]
    next_side = np.roll(side, -1, axis=1)
    following = np.roll(polygons, -1, axis=1)
    crossing = (side < 0) != (next_side < 0)
    with np.errstate(divide='ignore', invalid='ignore'):
        share = np.where(crossing, side / (side - next_side), 0.)
    cut = polygons + share[..., None] * (following - polygons)

    n, k = side.shape
    places = np.stack([polygons, cut], axis=2).reshape(n, 2 * k, 2)
    valid = np.stack([side >= 0, crossing], axis=2).reshape(n, 2 * k)
    width = max(int(valid.sum(1).max(initial=0)), 1)
    order = np.argsort(~valid, axis=1, kind='stable')[:, :width]
    valid = np.take_along_axis(valid, order, axis=1)
    # Surplus places take the first corner that is left.
    order = np.where(valid, order, order[:, :1])
    return np.take_along_axis(places, order[..., None], axis=1)


def intersection_area(corners1: np.ndarray,
                      corners2: np.ndarray) -> np.ndarray:
    """Areas common to the pairs of two lists of quadrilaterals.

    Args:
        corners1 (np.ndarray): (n, 4, 2) corners, either orientation.
        corners2 (np.ndarray): (n, 4, 2) corners of convex quadrilaterals,
            either orientation.

    Returns:
        np.ndarray: (n,) areas.
    """
    areas = np.zeros(len(corners1))
    for begin in range(0, len(corners1), CHUNK):
        part = slice(begin, begin + CHUNK)
        # Near the origin no digits are lost on large images.
        origin = corners2[part, :1]
        polygons = corners1[part] - origin
        clip = corners2[part] - origin
        turned = polygon_area(clip) < 0
        clip = np.where(turned[:, None, None], clip[:, ::-1], clip)
        for k in range(4):
            polygons = clip_halfplane(polygons, clip[:, k],
                                      clip[:, (k + 1) % 4])
        areas[part] = np.abs(polygon_area(polygons))
    return areas


def enclosing_circles(corners: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Centres (n, 2) and radii (n,) of circles round (n, 4, 2) corners."""
    centres = corners.mean(1)
    radii = np.sqrt(((corners - centres[:, None])**2).sum(-1).max(
        1, initial=0.))
    return centres, radii


def _check(corners: np.ndarray, name: str, convex: bool) -> None:
    finite = np.isfinite(corners).all((1, 2))
    if not finite.all():
        raise ValueError(
            f'{name} has {(~finite).sum()} boxes that are not finite, first '
            f'at row {int(np.argmin(finite))}; remove them first')
    if convex:
        edges = np.roll(corners, -1, axis=1) - corners
        after = np.roll(edges, -1, axis=1)
        turns = edges[..., 0] * after[..., 1] - edges[..., 1] * after[..., 0]
        slack = 1e-9 * (edges**2).sum((1, 2))[:, None]
        bad = (turns < -slack).any(1) & (turns > slack).any(1)
        if bad.any():
            raise ValueError(
                f'{name} has {bad.sum()} quadrilaterals that are not convex, '
                f'first at row {int(np.argmax(bad))}; make rotated boxes of '
                'them by mmrotate.structures.bbox.qbox2rbox')


def _ratio(common: np.ndarray, area1: np.ndarray, area2: np.ndarray,
           mode: str) -> np.ndarray:
    whole = area1 + area2 - common if mode == 'iou' else area1
    return np.divide(common, whole, out=np.zeros_like(common),
                     where=whole > 0)


def rotated_iou(boxes1: np.ndarray, boxes2: np.ndarray,
                mode: str = 'iou') -> np.ndarray:
    """Overlaps of all pairs of two lists of boxes, in float64.

    Args:
        boxes1 (np.ndarray): (n, 4), (n, 5) or (n, 8) boxes, see
            :func:`box_corners`.
        boxes2 (np.ndarray): (m, 4), (m, 5) or (m, 8) boxes, not
            necessarily of the same kind; quadrilaterals must be convex.
        mode (str): ``'iou'``, or ``'iof'`` to divide by the area of the
            first box alone.

    Returns:
        np.ndarray: (n, m) overlaps in [0, 1]; 0 for boxes without area.

    Raises:
        ValueError: If the mode is unknown, a shape is wrong, a box is not
            finite or a quadrilateral of ``boxes2`` is not convex.
    """
    if mode not in ('iou', 'iof'):
        raise ValueError(f"mode must be 'iou' or 'iof', got {mode!r}")
    corners1, corners2 = box_corners(boxes1), box_corners(boxes2)
    _check(corners1, 'boxes1', convex=False)
    _check(corners2, 'boxes2', convex=True)
    overlaps = np.zeros((len(corners1), len(corners2)))
    centres1, radii1 = enclosing_circles(corners1)
    centres2, radii2 = enclosing_circles(corners2)
    area1 = np.abs(polygon_area(corners1))
    area2 = np.abs(polygon_area(corners2))
    step = max(64 * CHUNK // max(len(corners2), 1), 1)
    for begin in range(0, len(corners1), step):
        part = slice(begin, begin + step)
        apart = np.zeros((len(centres1[part]), len(centres2)))
        for axis in range(2):
            apart += np.subtract.outer(centres1[part, axis],
                                       centres2[:, axis])**2
        rows, cols = np.nonzero(
            apart < np.add.outer(radii1[part], radii2)**2)
        rows += begin
        common = intersection_area(corners1[rows], corners2[cols])
        overlaps[rows, cols] = _ratio(common, area1[rows], area2[cols], mode)
    return overlaps


def rotated_nms(boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray,
                iou_threshold: float) -> np.ndarray:
    """Greedy class-wise non-maximum suppression by the exact IoU.

    Labels are compared as numbers, so boxes may lie anywhere, also at
    negative coordinates, where mmcv's ``batched_nms``, which moves the
    classes apart by an offset, mixes them.

    Args:
        boxes (np.ndarray): (n, 4), (n, 5) or (n, 8) boxes, see
            :func:`box_corners`.
        scores (np.ndarray): (n,) scores.
        labels (np.ndarray): (n,) class numbers.
        iou_threshold (float): A box is dropped if its IoU with a kept box
            of its class and of no lower score is greater.

    Returns:
        np.ndarray: (k,) indices of the kept boxes by falling score; of
        equal scores the first comes first.

    Raises:
        ValueError: See :func:`rotated_iou`.
    """
    order = np.argsort(-np.asarray(scores), kind='stable')
    corners = box_corners(boxes)[order]
    labels = np.asarray(labels)[order]
    _check(corners, 'boxes', convex=True)
    first, second = _close_pairs(corners, labels)
    area = np.abs(polygon_area(corners))
    overlap = _ratio(intersection_area(corners[first], corners[second]),
                     area[first], area[second], 'iou')
    first, second = first[overlap > iou_threshold], second[
        overlap > iou_threshold]
    by_first = np.argsort(first, kind='stable')
    second = second[by_first]
    bounds = np.searchsorted(first[by_first], np.arange(len(order) + 1))
    keep = np.ones(len(order), dtype=bool)
    for i in np.unique(first):
        if keep[i]:
            keep[second[bounds[i]:bounds[i + 1]]] = False
    return order[keep]


def _close_pairs(corners: np.ndarray,
                 labels: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Pairs ``i < j`` of one label whose enclosing circles meet.

    A sweep along x: memory grows with the neighbours, not with n squared.
    """
    centres, radii = enclosing_circles(corners)
    left = centres[:, 0] - radii
    sweep = np.argsort(left, kind='stable')
    ends = np.searchsorted(left[sweep], (centres[:, 0] + radii)[sweep])
    counts = np.maximum(ends - np.arange(len(sweep)) - 1, 0)
    found = []
    # Whole rows at a time, until some million candidates are gathered.
    rows = np.arange(len(sweep))
    block = (np.cumsum(counts) - counts) // (64 * CHUNK)
    for part in (rows[block == b] for b in np.unique(block)):
        one = np.repeat(part, counts[part])
        skip = np.repeat(np.cumsum(counts[part]) - counts[part],
                         counts[part])
        two = one + 1 + np.arange(len(one)) - skip
        one, two = sweep[one], sweep[two]
        near = (labels[one] == labels[two]) & (
            ((centres[one] - centres[two])**2).sum(-1) <
            (radii[one] + radii[two])**2)
        found.append(np.stack([one[near], two[near]]))
    pairs = np.concatenate([np.zeros((2, 0), dtype=np.int64), *found], axis=1)
    return pairs.min(0), pairs.max(0)
