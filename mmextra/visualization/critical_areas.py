"""Which regions of a slice a classification rests on (Section 3.1)."""
from typing import List, NamedTuple, Optional

import numpy as np
import torch
from mmdet.models.roi_heads.mask_heads.fcn_mask_head import _do_paste_mask
from mmdet.structures import DetDataSample
from torch import Tensor


class ScoreArea(NamedTuple):
    """What Fig. 3 shows of an image.

    Attributes:
        scores (np.ndarray): (k, ) scores of the RoIs, descending.
        areas (np.ndarray): (k, ) areas of their boxes in pixels.
    """
    scores: np.ndarray
    areas: np.ndarray


def roi_rows(sample: DetDataSample) -> np.ndarray:
    """The real RoIs of a classified image.

    Args:
        sample (DetDataSample): Prediction of :class:`COVIDCTMaskNet`.

    Returns:
        np.ndarray: (n, 5) score and box x1, y1, x2, y2 in pixels, by rank.
    """
    rois = sample.pred_instances.cpu()
    return torch.cat([rois.scores[:, None], rois.bboxes], dim=1).numpy()


def score_area(rows: np.ndarray, topk: Optional[int] = None) -> ScoreArea:
    """Scores and areas of the best RoIs, for histograms and scatter plots.

    Args:
        rows (np.ndarray): (n, 5) score and box x1, y1, x2, y2 in pixels,
            without replicas.
        topk (int, optional): Number of RoIs; all without it.

    Returns:
        ScoreArea: Of the ``topk`` best.
    """
    rows = np.asarray(rows, np.float64).reshape(-1, 5)
    best = rows[np.argsort(-rows[:, 0], kind='stable')][:topk]
    sides = best[:, 3:] - best[:, 1:3]
    return ScoreArea(best[:, 0], sides.prod(axis=1))


def score_map(mask_logits: Tensor, bboxes: Tensor, height: int,
              width: int) -> np.ndarray:
    """Raw mask scores of several RoIs in one map (Fig. 2, column 2).

    The logits of each RoI are resized to its box, before any sigmoid. Not in
    the paper: where boxes overlap the largest logit counts, and pixels
    outside of all boxes have the smallest that occurs.

    Args:
        mask_logits (Tensor): (k, 28, 28) logits.
        bboxes (Tensor): (k, 4) boxes in pixels.
        height (int): Height of the map in pixels.
        width (int): Width of the map in pixels.

    Returns:
        np.ndarray: (height, width) float32; zeros without RoIs.
    """
    combined = np.full((height, width), -np.inf, np.float32)
    for logits, box in zip(mask_logits, bboxes):
        pasted, _ = _do_paste_mask(
            logits[None, None], box[None], height, width, skip_empty=False)
        x1, y1 = (int(v) for v in box[:2].clamp(min=0).floor())
        x2, y2 = (int(v) for v in box[2:].ceil())
        part = (slice(y1, y2), slice(x1, x2))
        combined[part] = np.maximum(
            combined[part], pasted[0].cpu().numpy()[part])
    reached = np.isfinite(combined)
    lowest = combined[reached].min() if reached.any() else 0.
    return np.where(reached, combined, np.float32(lowest))


def predicted_masks(scores: np.ndarray, bboxes: np.ndarray,
                    threshold: float = 0.5) -> np.ndarray:
    """Where the RoIs of a score map have lesions (Fig. 2, column 1).

    Args:
        scores (np.ndarray): (height, width), see :func:`score_map`.
        bboxes (np.ndarray): (k, 4) boxes of these RoIs in pixels.
        threshold (float): Probability above which a pixel belongs to a mask,
            ``test_cfg.rcnn.mask_thr_binary``.

    Returns:
        np.ndarray: (height, width) bool; False outside of all boxes.
    """
    inside = np.zeros(scores.shape, bool)
    for x1, y1, x2, y2 in np.asarray(bboxes, np.float64):
        inside[max(int(np.floor(y1)), 0):max(int(np.ceil(y2)), 0),
               max(int(np.floor(x1)), 0):max(int(np.ceil(x2)), 0)] = True
    return inside & (scores > np.log(threshold / (1 - threshold)))


def top_areas(sample: DetDataSample) -> List[dict]:
    """Every real RoI of an image as JSON values.

    Args:
        sample (DetDataSample): Prediction of :class:`COVIDCTMaskNet`.

    Returns:
        list[dict]: ``score``, ``label``, ``bbox`` and ``area`` in pixels of
        the original image, by rank.
    """
    rows = roi_rows(sample)
    labels = sample.pred_instances.labels.tolist()
    return [
        dict(score=float(row[0]), label=label,
             bbox=[float(v) for v in row[1:]], area=float(area))
        for row, label, area in zip(rows, labels, score_area(rows).areas)
    ]
