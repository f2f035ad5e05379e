"""Where a detector is good: by class, confidence, size, angle, proportion."""
from dataclasses import dataclass, replace
from typing import Callable, Dict, List, Sequence

import numpy as np

from mmextra.structures import box_corners, polygon_area

from .errors import IGNORED, TRUE, Judged, average_precision, judge
from .scenes import Scene

# COCO's, as sides of squares in pixels.
SIZES = {'small (< 32²)': (0, 32), 'medium (32² to 96²)': (32, 96),
         'large (> 96²)': (96, np.inf)}
ANGLES = {'0° to 22.5°': (0, 22.5), '22.5° to 45°': (22.5, 45),
          '45° to 67.5°': (45, 67.5), '67.5° to 90°': (67.5, 90.001)}
PROPORTIONS = {'below 1.5': (1, 1.5), '1.5 to 3': (1.5, 3),
               '3 to 5': (3, 5), 'above 5': (5, np.inf)}


@dataclass
class ClassCurve:
    """One class over falling confidence.

    Attributes:
        name: Of the class.
        objects: Number of its objects.
        ap: Average precision, NaN without objects.
        scores: (n, ) falling.
        precision: (n, ) of the detections down to each score.
        recall: (n, ) the same.
        f1: (n, ) harmonic mean of the two.
    """
    name: str
    objects: int
    ap: float
    scores: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray

    @property
    def best(self) -> Dict[str, float]:
        """Confidence of the highest F1, with what is reached there."""
        if not len(self.f1):
            return dict(score=0., f1=0., precision=0., recall=0.)
        k = int(self.f1.argmax())
        return dict(score=float(self.scores[k]), f1=float(self.f1[k]),
                    precision=float(self.precision[k]),
                    recall=float(self.recall[k]))


def class_curves(judged: Sequence[Judged],
                 classes: Sequence[str]) -> List[ClassCurve]:
    """Precision, recall and F1 of each class.

    Args:
        judged (Sequence[Judged]): All images.
        classes (Sequence[str]): Names of the classes.

    Returns:
        list[ClassCurve]: One for each.
    """
    curves = []
    for label, name in enumerate(classes):
        objects, rows = 0, []
        for each in judged:
            truth = each.scene.labels[~each.scene.ignored]
            objects += int((truth == label).sum())
            found = each.scene.found
            rows += [(found.scores[place], kind == TRUE)
                     for place, kind in zip(each.order, each.kinds)
                     if kind != IGNORED and found.labels[place] == label]
        scores = np.array([row[0] for row in rows])
        true = np.array([row[1] for row in rows], bool)
        order = np.argsort(-scores, kind='stable')
        hits = np.cumsum(true[order])
        precision = hits / np.arange(1, len(hits) + 1)
        recall = hits / max(objects, 1)
        total = precision + recall
        f1 = np.divide(2 * precision * recall, total,
                       out=np.zeros_like(total), where=total > 0)
        curves.append(ClassCurve(
            name, objects, average_precision(true, scores, objects),
            scores[order], precision, recall, f1))
    return curves


def confusion_matrix(scenes: Sequence[Scene], num_classes: int,
                     score_thr: float = 0.3,
                     iou_thr: float = 0.5) -> np.ndarray:
    """What objects are taken for.

    In order of falling score each detection takes the free object with the
    highest overlap, whatever its class.

    Args:
        scenes (Sequence[Scene]): All images.
        num_classes (int): C.
        score_thr (float): Lowest score that counts.
        iou_thr (float): Overlap from which they belong together.

    Returns:
        np.ndarray: (C + 1, C + 1) counts, rows the objects, columns the
        detections; the last row and column are background.
    """
    matrix = np.zeros((num_classes + 1, num_classes + 1), np.int64)
    for scene in scenes:
        overlaps = scene.overlaps()
        free = ~scene.ignored
        for k in np.argsort(-scene.found.scores, kind='stable'):
            if scene.found.scores[k] < score_thr:
                break
            label = scene.found.labels[k]
            own = np.where(free, overlaps[k], 0)
            if len(own) and own.max() >= iou_thr:
                free[own.argmax()] = False
                matrix[scene.labels[own.argmax()], label] += 1
            elif not (scene.ignored & (overlaps[k] > iou_thr)).any():
                matrix[-1, label] += 1
        np.add.at(matrix[:, -1], scene.labels[free], 1)
    return matrix


def sizes(boxes: np.ndarray) -> np.ndarray:
    """(n, ) sides of squares of the boxes' areas, pixels."""
    return np.sqrt(np.abs(polygon_area(box_corners(boxes)))) \
        if len(boxes) else np.zeros(0)


def _sides(boxes: np.ndarray) -> np.ndarray:
    """(n, 2, 2) the first two sides of each box as vectors."""
    corners = box_corners(boxes)
    return corners[:, 1:3] - corners[:, 0:2]


def proportions(boxes: np.ndarray) -> np.ndarray:
    """(n, ) long over short side."""
    if not len(boxes):
        return np.zeros(0)
    lengths = np.linalg.norm(_sides(boxes), axis=-1)
    return lengths.max(1) / lengths.min(1).clip(1e-6)


def angles(boxes: np.ndarray) -> np.ndarray:
    """(n, ) degrees between the long side and the nearer of the axes' x and
    its opposite, 0 to 90."""
    if not len(boxes):
        return np.zeros(0)
    sides = _sides(boxes)
    longer = np.linalg.norm(sides, axis=-1).argmax(1)
    x, y = np.abs(sides[np.arange(len(boxes)), longer]).T
    return np.degrees(np.arctan2(y, x))


def _narrowed(scene: Scene, outside: Callable[[np.ndarray], np.ndarray],
              iou_thr: float) -> Judged:
    """A scene without the objects beyond a range, and without the
    detections that have one of these, or are beyond it for nothing."""
    beyond = outside(scene.boxes)
    parts = [replace(
        scene, boxes=scene.boxes[own], labels=scene.labels[own],
        ignored=scene.ignored[own],
        masks=None if scene.masks is None else scene.masks[own])
        for own in (~beyond, beyond & ~scene.ignored)]
    judged, others = judge(parts[0], iou_thr), parts[1].overlaps()
    far = outside(scene.found.boxes)
    for k, place in enumerate(judged.order):
        if judged.kinds[k] == TRUE:
            continue
        own = np.where(
            parts[1].labels == scene.found.labels[place], others[place], 0)
        if len(own) and own.max() >= iou_thr:
            others[:, own.argmax()] = 0
            judged.kinds[k] = IGNORED
        elif far[place]:
            judged.kinds[k] = IGNORED
    return judged


def ap_by_range(scenes: Sequence[Scene], num_classes: int,
                measure: Callable[[np.ndarray], np.ndarray],
                ranges: Dict[str, tuple],
                iou_thr: float = 0.5) -> Dict[str, Dict[str, float]]:
    """Mean AP over the classes for objects of a range.

    As COCO counts by size: objects beyond the range are ignored, and so are
    detections beyond it that have no object.

    Args:
        scenes (Sequence[Scene]): All images.
        num_classes (int): Number of classes.
        measure (Callable): From (n, k) boxes to (n, ) values, such as
            :func:`sizes`.
        ranges (dict[str, tuple]): Names and limits, the upper one excluded.
        iou_thr (float): Overlap of a true detection.

    Returns:
        dict[str, dict]: ``ap`` and the number of ``objects`` of each range;
        the AP of a range without objects is NaN.
    """
    table = {}
    for name, (low, high) in ranges.items():
        aps, objects = [], 0

        def outside(boxes: np.ndarray, low: float = low,
                    high: float = high) -> np.ndarray:
            values = measure(boxes)
            return (values < low) | (values >= high)

        narrowed = [_narrowed(scene, outside, iou_thr) for scene in scenes]
        for curve in class_curves(narrowed, range(num_classes)):
            objects += curve.objects
            if curve.objects:
                aps.append(curve.ap)
        table[name] = dict(ap=float(np.mean(aps)) if aps else float('nan'),
                           objects=objects)
    return table
