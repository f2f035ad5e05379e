"""Detection AP of a video, over all objects and by their speed.

The protocol of ImageNet VID with the slow, medium and fast classes of FGFA
(Zhu et al., ICCV 2017), which Table 2 of the feature forecast paper uses.
"""
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from mmextra.structures import box_iou

# Closed intervals of the motion IoU; 'all' needs no tracks.
MOTION_RANGES = dict(
    all=(0., 1.), slow=(.9, 1.), medium=(.7, .9), fast=(0., .7))


def motion_iou(boxes: np.ndarray,
               window: int = 10,
               plus_one: bool = True) -> np.ndarray:
    """Mean IoU of each box of a track with the same object nearby in time.

    The neighbours are the frames at offsets -window..window without 0;
    those in which the object is absent do not count. Without any neighbour
    the value is 0, as in the reference implementation.

    Args:
        boxes (np.ndarray): (T, 4), one row per frame of the video, pixels;
            NaN where the object is absent.
        window (int): Largest offset in frames.
        plus_one (bool): See :func:`box_iou`.

    Returns:
        np.ndarray: (T,) float64 in [0, 1]; NaN where the object is absent.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    total, count = np.zeros(len(boxes)), np.zeros(len(boxes))
    for offset in range(1, min(window, len(boxes) - 1) + 1):
        iou = box_iou(boxes[:-offset], boxes[offset:], plus_one)
        there = ~np.isnan(iou)
        iou = np.where(there, iou, 0.)
        for end in (slice(None, -offset), slice(offset, None)):
            total[end] += iou
            count[end] += there
    mean = np.divide(total, count, out=np.zeros(len(boxes)), where=count > 0)
    mean[np.isnan(boxes).any(1)] = np.nan
    return mean


@dataclass
class FrameMatches:
    """Detections of one frame against its ground truth.

    Attributes:
        scores: (D,) by falling score.
        labels: (D,) labels of the detections.
        matched: (D,) index of the ground truth found, or -1.
        overlaps: Of each unmatched detection that overlaps anything, its
            (G,) IoU with every ground truth.
        gt_labels: (G,) labels of the ground truth.
        gt_ids: (G,) track of each ground truth.
        gt_boxes: (G, 4) pixels.
        gt_ignored: (G,) whether it counts in no range.
        video: Name or number of the video.
        frame: Position in the video.
    """
    scores: np.ndarray
    labels: np.ndarray
    matched: np.ndarray
    overlaps: Dict[int, np.ndarray]
    gt_labels: np.ndarray
    gt_ids: np.ndarray
    gt_boxes: np.ndarray
    gt_ignored: np.ndarray
    video: int = 0
    frame: int = 0


def match_frame(det_boxes: np.ndarray,
                det_labels: np.ndarray,
                det_scores: np.ndarray,
                gt_boxes: np.ndarray,
                gt_labels: np.ndarray,
                gt_ids: Optional[np.ndarray] = None,
                gt_ignored: Optional[np.ndarray] = None,
                iou_thr: float = 0.5,
                small_object_tolerance: Optional[float] = 10,
                plus_one: bool = True,
                video: int = 0,
                frame: int = 0) -> FrameMatches:
    """Match detections to ground truth, whatever its speed.

    By falling score, each detection takes the unused ground truth of its
    class with the largest IoU among those that it overlaps enough. Small
    objects need less: ``min(iou_thr, w h / ((w + t) (h + t)))``.

    Args:
        det_boxes (np.ndarray): (D, 4) pixels.
        det_labels (np.ndarray): (D,).
        det_scores (np.ndarray): (D,).
        gt_boxes (np.ndarray): (G, 4) pixels.
        gt_labels (np.ndarray): (G,).
        gt_ids (np.ndarray, optional): (G,) track of each; without it every
            ground truth is a track of its own.
        gt_ignored (np.ndarray, optional): (G,) ground truth that counts
            neither when found nor when missed.
        iou_thr (float): IoU that a match needs.
        small_object_tolerance (float, optional): t in pixels; None for the
            same threshold at all sizes.
        plus_one (bool): See :func:`box_iou`.
        video (int): Kept in the result.
        frame (int): Kept in the result.

    Returns:
        FrameMatches: The matches.
    """
    order = np.argsort(-np.asarray(det_scores, np.float64), kind='stable')
    boxes = np.asarray(det_boxes, np.float64).reshape(-1, 4)[order]
    labels = np.asarray(det_labels, np.int64).reshape(-1)[order]
    gts = np.asarray(gt_boxes, np.float64).reshape(-1, 4)
    gt_labels = np.asarray(gt_labels, np.int64).reshape(-1)
    needed = np.full(len(gts), float(iou_thr))
    if small_object_tolerance is not None:
        size = gts[:, 2:] - gts[:, :2] + float(plus_one)
        needed = np.minimum(
            needed, (size / (size + small_object_tolerance)).prod(1))
    ious = box_iou(boxes[:, None], gts[None], plus_one)
    allowed = (labels[:, None] == gt_labels) & (ious >= needed)
    matched = np.full(len(boxes), -1)
    free = np.ones(len(gts), bool)
    for k in np.flatnonzero(allowed.any(1)):
        candidates = np.where(allowed[k] & free, ious[k], -1.)
        best = int(candidates.argmax())
        if candidates[best] >= 0:
            matched[k], free[best] = best, False
    lonely = np.flatnonzero((matched < 0) & (ious > 0).any(1)) \
        if len(gts) else np.zeros(0, int)
    return FrameMatches(
        scores=np.asarray(det_scores, np.float64).reshape(-1)[order],
        labels=labels,
        matched=matched,
        overlaps={int(k): ious[k] for k in lonely},
        gt_labels=gt_labels,
        gt_ids=np.arange(len(gts)) if gt_ids is None else np.asarray(
            gt_ids, np.int64).reshape(-1),
        gt_boxes=gts,
        gt_ignored=np.zeros(len(gts), bool) if gt_ignored is None else
        np.asarray(gt_ignored, bool).reshape(-1),
        video=video,
        frame=frame)


def frame_motion(frames: Sequence[FrameMatches],
                 window: int = 10,
                 plus_one: bool = True) -> List[np.ndarray]:
    """The motion IoU of every ground truth.

    Args:
        frames (Sequence[FrameMatches]): Frames of any number of videos.
        window (int): See :func:`motion_iou`.
        plus_one (bool): See :func:`box_iou`.

    Returns:
        list[np.ndarray]: For each frame (G,) values.
    """
    tracks: Dict[Tuple[int, int], List[Tuple[int, int, int]]] = {}
    for number, item in enumerate(frames):
        for k, track in enumerate(item.gt_ids):
            tracks.setdefault((item.video, int(track)), []).append(
                (number, k, item.frame))
    motion = [np.zeros(len(item.gt_ids)) for item in frames]
    for places in tracks.values():
        first = min(place[2] for place in places)
        last = max(place[2] for place in places)
        boxes = np.full((last - first + 1, 4), np.nan)
        for number, k, frame in places:
            boxes[frame - first] = frames[number].gt_boxes[k]
        values = motion_iou(boxes, window, plus_one)
        for number, k, frame in places:
            motion[number][k] = values[frame - first]
    return motion


def share_inside(inside: Sequence[np.ndarray], low: float) -> float:
    """Share of all motion IoUs that are inside of a range.

    Args:
        inside (Sequence[np.ndarray]): Of each frame, whether each of its
            ground truths is. A frame without any stands for one of 0.
        low (float): Lower end of the range.

    Returns:
        float: From 0 to 1.
    """
    empty = sum(len(values) == 0 for values in inside)
    total = sum(map(len, inside)) + empty
    return (sum(int(values.sum()) for values in inside) +
            empty * (low <= 0)) / max(total, 1)


def false_positive_weights(item: FrameMatches, inside: np.ndarray,
                           empty_weight: float) -> np.ndarray:
    """Weight of each detection of a frame if nothing matches it."""
    if not len(inside):
        return np.full(len(item.scores), empty_weight)
    if inside.all() or not inside.any():
        # A side without ground truth is behind the other, overlap or not.
        return np.full(len(item.scores), float(inside.all()))
    weights = np.full(len(item.scores), float((~inside).mean()))
    for k, ious in item.overlaps.items():
        most_in, most_out = ious[inside].max(), ious[~inside].max()
        if most_in != most_out:
            weights[k] = float(most_in > most_out)
    return weights


def _average_precision(scores: np.ndarray, hits: np.ndarray,
                       weights: np.ndarray, npos: int) -> float:
    """Area under the envelope of precision over recall."""
    order = np.argsort(-scores, kind='stable')
    found = np.cumsum(hits[order])
    false = np.cumsum(weights[order])
    recall = found / npos
    precision = found / np.maximum(found + false, np.finfo(np.float64).eps)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0.) * envelope).sum())


def video_average_precision(
        frames: Sequence[FrameMatches],
        motion: Sequence[np.ndarray],
        num_classes: int,
        motion_range: Tuple[float, float] = (0., 1.)
) -> Tuple[np.ndarray, np.ndarray]:
    """AP of each class over the ground truth of one range of speeds.

    A detection matched to ground truth outside of the range is neither right
    nor wrong. An unmatched one is wrong by a weight: 1 if its largest IoU,
    of any class, is with ground truth inside of the range, 0 if it is with
    ground truth outside; if both are equal, the share of ground truth of
    its frame that is outside, and in a frame without ground truth the share
    of all motion IoUs that are inside (such a frame adds one of 0). A side
    without any ground truth in the frame is behind the other.

    Args:
        frames (Sequence[FrameMatches]): See :func:`match_frame`.
        motion (Sequence[np.ndarray]): See :func:`frame_motion`.
        num_classes (int): Labels are below it.
        motion_range (tuple[float, float]): Closed interval.

    Returns:
        tuple[np.ndarray, np.ndarray]: (num_classes,) AP in [0, 1], NaN for a
        class without ground truth in the range; and the number of ground
        truths in the range.
    """
    low, high = motion_range
    inside = [(low <= values) & (values <= high) & ~item.gt_ignored
              for item, values in zip(frames, motion)]
    share = share_inside(inside, low)

    npos = np.zeros(num_classes, np.int64)
    parts: Dict[str, List[np.ndarray]] = dict(
        scores=[], labels=[], hits=[], weights=[])
    for item, here in zip(frames, inside):
        npos += np.bincount(item.gt_labels[here], minlength=num_classes)
        is_matched = item.matched >= 0
        hits = np.zeros(len(item.scores), bool)
        hits[is_matched] = here[item.matched[is_matched]]
        weights = false_positive_weights(item, here, share)
        weights[is_matched] = 0.
        for name, value in zip(parts, (item.scores, item.labels, hits,
                                       weights)):
            parts[name].append(value)
    joined = {name: np.concatenate(value) if value else np.zeros(0)
              for name, value in parts.items()}
    ap = np.full(num_classes, np.nan)
    for label in np.flatnonzero(npos):
        mine = joined['labels'] == label
        ap[label] = _average_precision(
            joined['scores'][mine], joined['hits'][mine],
            joined['weights'][mine], int(npos[label]))
    return ap, npos
