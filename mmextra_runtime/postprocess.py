"""From a graph's outputs to boxes in pixels of the image.

Non-maximum suppression is in the graph where ONNX has an operator for it;
rotated boxes are suppressed here, by their exact IoU.
"""
from typing import Any, Mapping, Tuple

import numpy as np

from .rotated_nms import rotated_nms


def rescale_boxes(boxes: np.ndarray, scale: Tuple[float, float]
                  ) -> np.ndarray:
    """Boxes of the network's input in pixels of the image.

    Args:
        boxes (np.ndarray): (n, 4) or (n, 5) boxes.
        scale (tuple[float, float]): See :class:`~.images.Prepared`.

    Returns:
        np.ndarray: The same kind of boxes. A rotated one that is stretched
        unevenly is described by its stretched sides and the angle of its
        long axis, as mmrotate does.
    """
    x, y = np.float32(1 / scale[0]), np.float32(1 / scale[1])
    if boxes.shape[1] == 4:
        return boxes * np.array([x, y, x, y], np.float32)
    angle = boxes[:, 4]
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([
        boxes[:, 0] * x, boxes[:, 1] * y,
        boxes[:, 2] * np.hypot(x * cos, y * sin),
        boxes[:, 3] * np.hypot(x * sin, y * cos),
        np.arctan2(x * sin, y * cos)
    ], 1).astype(boxes.dtype)


def upright_nms(boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray,
                iou_threshold: float) -> np.ndarray:
    """Greedy class-wise suppression of upright boxes.

    Args:
        boxes (np.ndarray): (n, 4) ``x1, y1, x2, y2``.
        scores (np.ndarray): (n,).
        labels (np.ndarray): (n,) class numbers.
        iou_threshold (float): A box is dropped if its IoU with a kept box
            of its class and of no lower score is greater.

    Returns:
        np.ndarray: (k,) indices of the kept boxes by falling score.
    """
    order = np.argsort(-scores, kind='stable')
    kept = []
    for label in np.unique(labels):
        rest = order[labels[order] == label]
        while len(rest):
            best, rest = rest[0], rest[1:]
            kept.append(best)
            low = np.maximum(boxes[best, :2], boxes[rest, :2])
            high = np.minimum(boxes[best, 2:], boxes[rest, 2:])
            common = np.clip(high - low, 0, None).prod(1)
            own = (boxes[best, 2:] - boxes[best, :2]).prod()
            areas = (boxes[rest, 2:] - boxes[rest, :2]).prod(1)
            # As a product: nothing is divided by an area of zero.
            rest = rest[common <= iou_threshold * (own + areas - common)]
    kept = np.array(kept, np.int64)
    return kept[np.argsort(-scores[kept], kind='stable')]


def against_rivals(boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray,
                   iou_threshold: float) -> np.ndarray:
    """Scores less where another class is as sure of the same place.

    Args:
        boxes (np.ndarray): (n, 4) ``x1, y1, x2, y2``.
        scores (np.ndarray): (n,).
        labels (np.ndarray): (n,) class numbers.
        iou_threshold (float): Boxes whose IoU is greater are of one place.

    Returns:
        np.ndarray: (n,) scores s / (1 + (r / s)^2) with r the best score of
        another class there, or 0.
    """
    low = np.maximum(boxes[:, None, :2], boxes[:, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[:, 2:])
    common = np.clip(high - low, 0, None).prod(2)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    # As a product: nothing is divided by an area of zero.
    rival = (common > iou_threshold * (areas[:, None] + areas - common)) & (
        labels[:, None] != labels)
    best = (rival * scores).max(1, initial=0)
    # Without powers that tiny scores would not survive.
    both = np.maximum(np.hypot(scores, best), np.finfo(scores.dtype).tiny)
    return scores * (scores / both)**2


def suppress(boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray,
             iou_threshold: float, class_agnostic: bool = False
             ) -> np.ndarray:
    """Suppression of boxes of either kind; see :func:`upright_nms`."""
    groups = np.zeros_like(labels) if class_agnostic else labels
    function = rotated_nms if boxes.shape[1] == 5 else upright_nms
    return function(boxes, scores, groups, iou_threshold)


def finish(boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray,
           test: Mapping[str, Any], scale: Tuple[float, float],
           ori_shape: Tuple[int, int]
           ) -> Tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rescale, suppress if the graph did not, keep the best.

    Args:
        boxes (np.ndarray): (n, 4) or (n, 5) boxes of the network's input.
        scores (np.ndarray): (n,).
        labels (np.ndarray): (n,).
        test (Mapping): ``test`` of ``meta.json``.
        scale (tuple[float, float]): See :class:`~.images.Prepared`.
        ori_shape (tuple[int, int]): Height and width of the image.

    Returns:
        tuple: Boxes in pixels of the image, scores, labels, and the indices
        of the outputs they come from.
    """
    boxes = rescale_boxes(boxes, scale)
    keep = np.argsort(-scores, kind='stable')
    nms = test.get('nms')
    if nms and nms['where'] == 'runner':
        smallest = test.get('min_bbox_size')
        index = np.arange(len(boxes))
        if test.get('centre') == 'image':
            index = index[((boxes[:, :2] >= 0) & (
                boxes[:, :2] <= ori_shape[::-1])).all(1)]
        if smallest is not None and smallest >= 0:
            sides = boxes[:, 2:4] if boxes.shape[1] == 5 else \
                boxes[:, 2:] - boxes[:, :2]
            index = index[(sides > smallest).all(1)[index]]
        keep = index[suppress(
            boxes[index], scores[index], labels[index],
            nms['iou_threshold'], nms.get('class_agnostic', False))]
    if test.get('rival_iou') is not None:
        scores = scores.copy()
        scores[keep] = against_rivals(boxes[keep], scores[keep],
                                      labels[keep], test['rival_iou'])
        keep = keep[np.argsort(-scores[keep], kind='stable')]
    limit = test.get('max_per_img') or -1
    if limit > 0 and test.get('limit_per') == 'class':
        own = labels[keep]
        rank = np.zeros(len(keep), int)
        for label in np.unique(own):
            rank[own == label] = np.arange((own == label).sum())
        keep = keep[rank < limit]
    elif limit > 0:
        keep = keep[:limit]
    boxes = boxes[keep]
    if test.get('clip') == 'image':
        height, width = ori_shape
        boxes = np.clip(boxes, 0, np.array([width, height] * 2, boxes.dtype))
    return boxes, scores[keep], labels[keep], keep
