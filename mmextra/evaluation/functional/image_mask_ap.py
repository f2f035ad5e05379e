"""Average precision of one image, as COVID-CT-Mask-Net evaluates."""
from typing import Sequence

import numpy as np


def image_average_precision(ious: np.ndarray,
                            scores: np.ndarray,
                            labels: np.ndarray,
                            gt_labels: np.ndarray,
                            iou_thrs: Sequence[float],
                            strict: bool = True) -> np.ndarray:
    """Average precision of one image at several IoU thresholds.

    1. An image without ground truth and detections has 1; with one of the
       two alone 0.
    2. For every ground truth the detection of the largest IoU among those of
       its class and above the threshold is a hit; all others are misses.
    3. Precision and recall over the detections by descending score; recall
       is of the image's ground truths, all classes together.
    4. The area under the precision, made non-increasing, over all steps of
       recall.

    It is not COCO's AP, which ranks the detections of all images together,
    takes 101 points of recall and lets the best score win a ground truth.

    Args:
        ious (np.ndarray): (n, m) IoU of detections and ground truths.
        scores (np.ndarray): (n, ) scores.
        labels (np.ndarray): (n, ) classes.
        gt_labels (np.ndarray): (m, ) classes.
        iou_thrs (Sequence[float]): T thresholds.
        strict (bool): The IoU must exceed the threshold, as in the released
            code; else reach it.

    Returns:
        np.ndarray: (T, ) average precision.
    """
    num_dets, num_gts = len(scores), len(gt_labels)
    if not num_dets or not num_gts:
        return np.full(len(iou_thrs), float(num_dets == num_gts))
    order = np.argsort(-scores, kind='stable')
    matched = np.where(
        labels[order][:, None] == gt_labels, ious[order], -1.)
    best, best_iou = matched.argmax(axis=0), matched.max(axis=0)
    precisions = []
    for thr in iou_thrs:
        found = best_iou > thr if strict else best_iou >= thr
        hits = np.zeros(num_dets)
        hits[best[found]] = 1
        true = np.cumsum(hits)
        precision = true / np.arange(1, num_dets + 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        precisions.append((envelope * hits).sum() / num_gts)
    return np.array(precisions)
