"""What kinds of error a detector makes, and what each costs.

The kinds and their costs are those of TIDE (Bolya et al., "TIDE: A General
Toolbox for Identifying Object Detection Errors", ECCV 2020, Sections 2.2 and
2.3), here for rotated boxes as well.
"""
from dataclasses import dataclass
from typing import Dict, List, Sequence

import numpy as np

from .scenes import Scene

# A true detection, one that lies in an ignored object, and the errors.
TRUE, IGNORED = 'true', 'ignored'
KINDS = ('class', 'place', 'both', 'duplicate', 'background', 'missed')
MEANING = {
    'class': 'right place, wrong class',
    'place': 'right class, badly placed',
    'both': 'wrong class and badly placed',
    'duplicate': 'a better scored detection has the object',
    'background': 'nothing is there',
    'missed': 'an object that nothing comes near',
}


@dataclass
class Judged:
    """A scene whose detections are judged, by falling score.

    Attributes:
        scene: The scene.
        order: (n, ) its detections, the best first.
        kinds: (n, ) of each in that order: ``'true'``, ``'ignored'`` or one
            of ``KINDS``.
        partner: (n, ) the ground truth that each has, or would have if its
            error were mended; -1 for none.
        matched: (m, ) whether a detection has the ground truth.
        missed: (m, ) ground truth of the kind ``'missed'``.
    """
    scene: Scene
    order: np.ndarray
    kinds: List[str]
    partner: np.ndarray
    matched: np.ndarray
    missed: np.ndarray


def judge(scene: Scene, iou_thr: float = 0.5,
          background_thr: float = 0.1) -> Judged:
    """Tell true detections from errors.

    1. In order of falling score each detection takes the free ground truth
       of its class with the highest overlap, if that is at least
       ``iou_thr``.
    2. What is left over and lies in an ignored object of its class is
       ignored.
    3. The rest is an error of the first kind that fits: ``place``, with an
       overlap of at least ``background_thr`` with its class; ``class``, with
       ``iou_thr`` with another; ``duplicate``, with ``iou_thr`` with an
       object that is taken; ``background``, with at most
       ``background_thr`` with anything; else ``both``.

    Args:
        scene (Scene): An image.
        iou_thr (float): Overlap of a true detection.
        background_thr (float): Overlap of a near miss.

    Returns:
        Judged: The verdicts.

    Raises:
        ValueError: If ``iou_thr`` is no overlap that a box can have.
    """
    if not 0 < iou_thr <= 1:
        raise ValueError('iou_thr must be above 0 and at most 1, got '
                         f'{iou_thr}')
    found = scene.found
    order = np.argsort(-found.scores, kind='stable')
    overlaps = scene.overlaps()[order]
    labels = np.asarray(found.labels, np.int64)[order]
    valid = ~scene.ignored
    same = labels[:, None] == scene.labels[None]
    own = np.where(same & valid, overlaps, 0.)
    free = own.copy()
    partner = np.full(len(order), -1)
    kinds = [''] * len(order)
    matched = np.zeros(len(valid), bool)
    for k in range(len(order)):
        best = int(free[k].argmax()) if free.shape[1] else 0
        if free.shape[1] and free[k, best] >= iou_thr:
            kinds[k], partner[k], matched[best] = TRUE, best, True
            free[:, best] = 0
    within = np.where(same & ~valid, overlaps, 0.)
    foreign = np.where(~same & valid, overlaps, 0.)
    taken = np.where(matched, own, 0.)
    anything = np.where(valid, overlaps, 0.)
    for k, kind in enumerate(kinds):
        if kind:
            continue
        if not valid.any():
            inside = within.shape[1] and within[k].max() > iou_thr
            kinds[k] = IGNORED if inside else 'background'
        elif within[k].max() > iou_thr:
            kinds[k] = IGNORED
        elif background_thr <= own[k].max() <= iou_thr:
            kinds[k], partner[k] = 'place', own[k].argmax()
        elif foreign[k].max() >= iou_thr:
            kinds[k], partner[k] = 'class', foreign[k].argmax()
        elif taken[k].max() >= iou_thr:
            kinds[k] = 'duplicate'
        elif anything[k].max() <= background_thr:
            kinds[k] = 'background'
        else:
            kinds[k] = 'both'
    near = np.zeros(len(valid), bool)
    near[[p for p, kind in zip(partner, kinds)
          if kind in ('place', 'class')]] = True
    return Judged(scene, order, kinds, partner, matched,
                  valid & ~matched & ~near)


def average_precision(true: np.ndarray, scores: np.ndarray,
                      num_gts: int) -> float:
    """COCO's AP of one class at one threshold, over 101 recalls.

    Args:
        true (np.ndarray): (n, ) whether each detection is true.
        scores (np.ndarray): (n, ).
        num_gts (int): Number of objects.

    Returns:
        float: From 0 to 1; NaN without objects.
    """
    if not num_gts:
        return float('nan')
    if not len(true):
        return 0.
    order = np.argsort(-scores, kind='stable')
    hits = np.cumsum(true[order])
    precision = hits / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    place = np.searchsorted(hits / num_gts, np.linspace(0, 1, 101), 'left')
    return float(np.append(precision, 0)[place].mean())


class _Table:
    """Detections of all images as columns, and the objects of each class."""

    def __init__(self, judged: Sequence[Judged], num_classes: int) -> None:
        self.num_classes = num_classes
        rows = [(float(each.scene.found.scores[place]),
                 int(each.scene.found.labels[place]), kind, number, partner)
                for number, each in enumerate(judged)
                for place, kind, partner in zip(
                    each.order.tolist(), each.kinds, each.partner.tolist())]
        self.scores = np.array([row[0] for row in rows])
        self.labels = np.array([row[1] for row in rows], np.int64)
        self.kinds = np.array([row[2] for row in rows], object)
        self.image = np.array([row[3] for row in rows], np.int64)
        self.partner = np.array([row[4] for row in rows], np.int64)
        self.objects = np.zeros(num_classes, np.int64)
        for each in judged:
            valid = each.scene.labels[~each.scene.ignored]
            self.objects += np.bincount(valid, minlength=num_classes)

    def best_near_misses(self, judged: Sequence[Judged]) -> Dict[int, int]:
        """Of the near misses of each object that is not found the best
        scored one, and the class of the object."""
        best: Dict[tuple, int] = {}
        for row in np.flatnonzero(np.isin(self.kinds, ('place', 'class'))):
            key = self.image[row], self.partner[row]
            if not judged[key[0]].matched[key[1]] and (
                    key not in best
                    or self.scores[row] > self.scores[best[key]]):
                best[key] = row
        return {row: int(judged[image].scene.labels[partner])
                for (image, partner), row in best.items()}

    def mean_ap(self, labels: np.ndarray, true: np.ndarray,
                kept: np.ndarray, objects: np.ndarray) -> float:
        """Mean over the classes that have objects."""
        aps = [average_precision(true[own], self.scores[own], number)
               for number, own in (
                   (objects[k], kept & (labels == k))
                   for k in range(self.num_classes)) if number]
        return float(np.mean(aps)) if aps else 0.


def error_costs(judged: Sequence[Judged],
                num_classes: int) -> Dict[str, float]:
    """AP50 that would be gained if a kind of error were mended alone.

    ``place`` and ``class`` become true if their object is not found, of all
    near misses of one object the best scored alone; what cannot be mended, and
    the other detections, vanish; objects that are missed leave the count.

    Args:
        judged (Sequence[Judged]): All images.
        num_classes (int): Number of classes.

    Returns:
        dict[str, float]: ``ap``, the AP as it is, and the gain of each of
        ``KINDS``.
    """
    table = _Table(judged, num_classes)
    true = table.kinds == TRUE
    counted = table.kinds != IGNORED
    costs = dict(ap=table.mean_ap(table.labels, true, counted,
                                  table.objects))
    best = table.best_near_misses(judged)
    for kind in KINDS[:-1]:
        own = table.kinds == kind
        mended, labels = true.copy(), table.labels.copy()
        kept = counted & ~own
        for row, label in best.items():
            if own[row]:
                mended[row] = kept[row] = True
                labels[row] = label
        costs[kind] = table.mean_ap(
            labels, mended, kept, table.objects) - costs['ap']
    missed = sum((np.bincount(each.scene.labels[each.missed],
                              minlength=num_classes) for each in judged),
                 np.zeros(num_classes, np.int64))
    costs['missed'] = table.mean_ap(
        table.labels, true, counted, table.objects - missed) - costs['ap']
    return costs


def error_counts(judged: Sequence[Judged]) -> Dict[str, int]:
    """How often each kind occurs, with ``'true'`` and ``'ignored'``."""
    counts = dict.fromkeys((TRUE, IGNORED, *KINDS), 0)
    for each in judged:
        for kind in each.kinds:
            counts[kind] += 1
        counts['missed'] += int(each.missed.sum())
    return counts
