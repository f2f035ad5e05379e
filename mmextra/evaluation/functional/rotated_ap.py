"""Average precision by the rules of PASCAL VOC and DOTA."""
from typing import Dict, List, NamedTuple, Sequence

import numpy as np
from mmdet.evaluation import average_precision

from mmextra.structures import rotated_iou


class ClassAP(NamedTuple):
    """Result of one class; each array has one entry per IoU threshold."""

    ap: np.ndarray
    recall: np.ndarray
    num_gts: int
    num_dets: int


def match_detections(ious: np.ndarray, scores: np.ndarray,
                     ignored: np.ndarray,
                     iou_thrs: Sequence[float]) -> np.ndarray:
    """Sort the detections of one class in one image into hits and misses.

    In the order of falling score each detection looks at the one ground
    truth that it overlaps most, ignored ones included. If the IoU reaches
    the threshold, it is true positive when that ground truth is still free,
    false positive when it is taken, and neither when it is ignored; below
    the threshold it is false positive (VOC development kit, DOTA
    evaluation).

    Args:
        ious (np.ndarray): (d, g) IoU of detections and ground truths.
        scores (np.ndarray): (d,) scores.
        ignored (np.ndarray): (g,) bool, the difficult ground truths.
        iou_thrs (Sequence[float]): t thresholds.

    Returns:
        np.ndarray: (t, d) int8, 1 true positive, -1 false positive, 0
        neither.
    """
    verdict = np.full((len(iou_thrs), len(scores)), -1, dtype=np.int8)
    if ious.size == 0:
        return verdict
    best, order = ious.argmax(1), np.argsort(-scores, kind='stable')
    best_iou = ious[np.arange(len(best)), best]
    for row, iou_thr in zip(verdict, iou_thrs):
        found = order[best_iou[order] >= iou_thr]
        # The first of those that want the same ground truth gets it.
        _, winners = np.unique(best[found], return_index=True)
        row[found[winners]] = 1
        row[found[ignored[best[found]]]] = 0
    return verdict


def _class_ap(images: List[dict], label: int, iou_thrs: Sequence[float],
              mode: str) -> ClassAP:
    verdicts, scores, num_gts = [], [], 0
    for image in images:
        dets = image['labels'] == label
        gts = image['gt_labels'] == label
        ignored = image['gt_ignored'][gts]
        num_gts += int((~ignored).sum())
        if not dets.any():
            continue
        boxes = image['bboxes'][dets]
        # A box that is not a number overlaps nothing and stays a miss.
        finite = np.isfinite(boxes).all(1)
        ious = np.zeros((len(boxes), len(ignored)))
        ious[finite] = rotated_iou(boxes[finite], image['gt_bboxes'][gts])
        scores.append(image['scores'][dets])
        verdicts.append(match_detections(ious, scores[-1], ignored, iou_thrs))
    if num_gts == 0 or not scores:
        value = np.full(len(iou_thrs), 0. if num_gts else np.nan)
        return ClassAP(value, value, num_gts, sum(map(len, scores)))
    order = np.argsort(-np.concatenate(scores), kind='stable')
    verdict = np.concatenate(verdicts, 1)[:, order]
    hits = np.cumsum(verdict == 1, 1)
    misses = np.cumsum(verdict == -1, 1)
    recall = hits / num_gts
    precision = hits / np.maximum(hits + misses, 1)
    # 0.1 * 3 > 3 / 10 in floating point: without the grain of tolerance the
    # eleven-point rule loses whole points whenever num_gts divides by ten.
    ap = average_precision(recall + (1e-9 if mode == '11points' else 0.),
                           precision, mode)
    return ClassAP(ap.astype(np.float64), recall[:, -1], num_gts,
                   len(order))


def rotated_average_precision(images: List[Dict[str, np.ndarray]],
                              num_classes: int,
                              iou_thrs: Sequence[float] = (0.5, ),
                              mode: str = 'area') -> List[ClassAP]:
    """AP of every class over a list of images.

    Args:
        images (List[dict]): Per image ``bboxes`` (d, 4, 5 or 8), ``scores``
            (d,), ``labels`` (d,), ``gt_bboxes`` (g, 4, 5 or 8),
            ``gt_labels`` (g,) and ``gt_ignored`` (g,) bool; boxes as in
            :func:`~mmextra.structures.box_corners`.
        num_classes (int): Number of classes.
        iou_thrs (Sequence[float]): IoU thresholds.
        mode (str): ``'11points'`` (VOC 2007) or ``'area'`` (VOC 2012).

    Returns:
        List[ClassAP]: One result per class, as fractions. AP and recall are
        NaN for a class without ground truth, 0 for one without detections.
    """
    return [
        _class_ap(images, label, iou_thrs, mode)
        for label in range(num_classes)
    ]
