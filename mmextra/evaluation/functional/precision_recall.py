"""Precision, recall and AP of horizontal boxes by YOLOv5's rules.

Boxes are (n, 4) arrays x1, y1, x2, y2 in continuous pixel coordinates.
"""
from typing import List, Literal, NamedTuple, Sequence, Tuple

import numpy as np

from mmextra.structures import box_iou

APMode = Literal['interp101', 'area']


class ClassCurves(NamedTuple):
    """What one class reached.

    Attributes:
        num_gts: Number of its ground truths.
        num_dets: Number of its detections.
        ap: (T, ) average precision at each IoU threshold.
        precision: (C, ) precision at the first threshold, over the grid of
            confidences.
        recall: (C, ) the same of the recall.
    """
    num_gts: int
    num_dets: int
    ap: np.ndarray
    precision: np.ndarray
    recall: np.ndarray

    @property
    def f1(self) -> np.ndarray:
        """(C, ) harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / np.maximum(total, 1e-16)


def match_best_gt(bboxes: np.ndarray, labels: np.ndarray,
                  scores: np.ndarray, gt_bboxes: np.ndarray,
                  gt_labels: np.ndarray,
                  iou_thrs: Sequence[float]) -> np.ndarray:
    """Which detections of an image are true positives.

    Each detection wants the ground truth of its class with the highest IoU,
    provided it reaches the lowest threshold. Of several that want the same
    one the highest score gets it; the others are false, without a second
    choice. This is YOLOv5's rule; in COCO's a detection may take the next
    best ground truth.

    Args:
        bboxes (np.ndarray): Detections, (n, 4).
        labels (np.ndarray): Their classes, (n, ).
        scores (np.ndarray): Their scores, (n, ).
        gt_bboxes (np.ndarray): Ground truths, (m, 4).
        gt_labels (np.ndarray): Their classes, (m, ).
        iou_thrs (Sequence[float]): T thresholds.

    Returns:
        np.ndarray: Boolean, (n, T): the IoU of the matched pair reaches the
        threshold.
    """
    limits = np.asarray(iou_thrs, float)
    true = np.zeros((len(bboxes), len(limits)), bool)
    if not len(bboxes) or not len(gt_bboxes):
        return true
    iou = box_iou(
        np.asarray(bboxes)[:, None], np.asarray(gt_bboxes), plus_one=False)
    iou[np.asarray(labels)[:, None] != np.asarray(gt_labels)[None]] = 0
    wanted = iou.argmax(1)
    reached = iou[np.arange(len(iou)), wanted]
    taken = set()
    for i in np.argsort(-np.asarray(scores), kind='stable'):
        if reached[i] >= limits.min() and wanted[i] not in taken:
            taken.add(wanted[i])
            true[i] = reached[i] >= limits
    return true


def average_precision(recall: np.ndarray, precision: np.ndarray,
                      mode: str = 'interp101') -> float:
    """Area under the falling envelope of a precision-recall curve.

    Args:
        recall (np.ndarray): (n, ) rising.
        precision (np.ndarray): (n, ).
        mode (str): 'interp101', the trapezoids between 101 recalls, as
            YOLOv5 counts; or 'area', the sum of all steps, as VisDrone's
            toolkit does.

    Returns:
        float: The AP.
    """
    recall = np.concatenate([[0.], recall, [1.]])
    precision = np.concatenate([[1.], precision, [0.]])
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    if mode == 'area':
        return float((np.diff(recall) * envelope[1:]).sum())
    points = np.interp(np.linspace(0, 1, 101), recall, envelope)
    return float((points[1:] + points[:-1]).sum() / 200)


def class_curves(true: np.ndarray, scores: np.ndarray, num_gts: int,
                 ap_mode: str = 'interp101',
                 num_conf: int = 1000) -> ClassCurves:
    """Curves of one class with at least one ground truth.

    Args:
        true (np.ndarray): (n, T) of all images, see :func:`match_best_gt`.
        scores (np.ndarray): (n, ).
        num_gts (int): Number of ground truths.
        ap_mode (str): See :func:`average_precision`.
        num_conf (int): Number of confidences between 0 and 1.

    Returns:
        ClassCurves: All zero without detections.
    """
    grid = np.linspace(0, 1, num_conf)
    if not len(scores):
        zeros = np.zeros(num_conf)
        return ClassCurves(num_gts, 0, np.zeros(true.shape[1]), zeros, zeros)
    order = np.argsort(-scores, kind='stable')
    true, scores = true[order], scores[order]
    hits = true.cumsum(0)
    recall = hits / num_gts
    precision = hits / np.arange(1, len(true) + 1)[:, None]
    ap = np.array([
        average_precision(recall[:, t], precision[:, t], ap_mode)
        for t in range(true.shape[1])
    ])
    return ClassCurves(
        num_gts, len(scores), ap,
        np.interp(-grid, -scores, precision[:, 0], left=1),
        np.interp(-grid, -scores, recall[:, 0], left=0))


def smooth(values: np.ndarray, share: float) -> np.ndarray:
    """Running mean over a share of the values, repeated at the ends."""
    width = round(len(values) * share) // 2 * 2 + 1
    padded = np.pad(values, width // 2, mode='edge')
    return np.convolve(padded, np.full(width, 1 / width), mode='valid')


def best_confidence(curves: List[ClassCurves],
                    f1_smooth: float = 0.) -> Tuple[int, float]:
    """Where the mean F1 of the classes is highest.

    Args:
        curves (list[ClassCurves]): One per class.
        f1_smooth (float): Share of the confidences over which the mean is
            smoothed before.

    Returns:
        tuple[int, float]: Index on the grid of confidences, and the
        unsmoothed mean F1 there.
    """
    f1 = np.mean([curve.f1 for curve in curves], 0)
    index = int((smooth(f1, f1_smooth) if f1_smooth else f1).argmax())
    return index, float(f1[index])


def covered_share(bboxes: np.ndarray, regions: np.ndarray,
                  shape: Tuple[int, int]) -> np.ndarray:
    """Share of each box that lies in the union of regions.

    Counted in pixels, of boxes rounded to them.

    Args:
        bboxes (np.ndarray): (n, 4).
        regions (np.ndarray): (k, 4).
        shape (tuple[int, int]): Height and width of the image.

    Returns:
        np.ndarray: (n, ), 0 for boxes without a pixel.
    """
    height, width = shape
    limits = [width, height, width, height]
    mask = np.zeros((height, width), bool)
    for x1, y1, x2, y2 in np.clip(np.round(regions), 0, limits).astype(int):
        mask[y1:y2, x1:x2] = True
    sums = np.zeros((height + 1, width + 1), np.int64)
    sums[1:, 1:] = mask.cumsum(0).cumsum(1)
    rounded = np.round(np.reshape(bboxes, (-1, 4)))
    x1, y1, x2, y2 = np.clip(rounded, 0, limits).astype(int).T
    inside = sums[y2, x2] - sums[y1, x2] - sums[y2, x1] + sums[y1, x1]
    areas = (rounded[:, 2:] - rounded[:, :2]).clip(0).prod(-1)
    return inside / np.maximum(areas, 1)
