"""Whether one detector is better than another, or its images were kinder."""
from typing import Dict, List, Optional, Sequence

import numpy as np

from ..functional.bootstrap import bootstrap_interval
from .errors import IGNORED, TRUE, average_precision, judge
from .scenes import Scene

ALL = 'mean'


class DrawnAP:
    """AP of each class, every image counted so many times.

    Args:
        scenes (Sequence[Scene]): The images.
        num_classes (int): C.
        iou_thr (float): Overlap of a true detection.
    """

    def __init__(self, scenes: Sequence[Scene], num_classes: int,
                 iou_thr: float = 0.5) -> None:
        self.objects = np.zeros((num_classes, len(scenes)), np.int64)
        rows = []
        for image, scene in enumerate(scenes):
            judged = judge(scene, iou_thr)
            labels = scene.labels[~scene.ignored]
            self.objects[:, image] = np.bincount(
                labels, minlength=num_classes)
            rows += [(scene.found.scores[place], scene.found.labels[place],
                      kind == TRUE, image)
                     for place, kind in zip(judged.order, judged.kinds)
                     if kind != IGNORED]
        table = np.array(rows, float).reshape(-1, 4)
        table = table[np.argsort(-table[:, 0], kind='stable')]
        self._rows = [table[table[:, 1] == label]
                      for label in range(num_classes)]

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """AP by COCO's rules.

        Args:
            times (np.ndarray): (images, ) how often each counts.

        Returns:
            np.ndarray: (C, ) from 0 to 1, NaN without objects.
        """
        values = []
        for rows, number in zip(self._rows, self.objects @ times):
            drawn = np.repeat(rows, times[rows[:, 3].astype(int)], 0)
            values.append(average_precision(
                drawn[:, 2].astype(bool), drawn[:, 0], int(number)))
        return np.array(values)


def compare_detectors(first: Sequence[Sequence[Scene]],
                      second: Sequence[Sequence[Scene]],
                      classes: Sequence[str],
                      *,
                      only: Optional[Sequence[str]] = None,
                      iou_thr: float = 0.5,
                      draws: int = 1000,
                      seed: int = 0) -> Dict[str, Dict[str, float]]:
    """AP of two detectors and the interval of the difference over images.

    Both see the same drawn images. Several trainings of a detector count as
    the mean of their AP, so the interval is about the images alone, not
    about what another training would give.

    Args:
        first (Sequence[Sequence[Scene]]): For each training of the first
            detector the images with its detections.
        second (Sequence[Sequence[Scene]]): The same of the second.
        classes (Sequence[str]): Names of all classes.
        only (Sequence[str], optional): Those that are compared.
        iou_thr (float): Overlap of a true detection.
        draws (int): How often as many images are drawn, with replacement.
        seed (int): Of the drawing.

    Returns:
        dict[str, dict]: Of each class that has objects, and of ``mean`` over
        them: ``objects``, ``first``, ``second``, ``value`` (the first less
        the second), ``low`` and ``high`` (95 %), all AP from 0 to 1.

    Raises:
        ValueError: If a class is unknown, or none has an object.
    """
    unknown = sorted(set(only or ()) - set(classes))
    if unknown:
        raise ValueError(f'there is no class {", ".join(unknown)}; the '
                         f'classes are {", ".join(classes)}')
    sides = [[DrawnAP(scenes, len(classes), iou_thr) for scenes in side]
             for side in (first, second)]
    objects = sides[0][0].objects
    labels = [label for label, name in enumerate(classes)
              if objects[label].any() and (not only or name in only)]
    if not labels:
        raise ValueError('no image has an object of these classes')
    known: Dict[bytes, np.ndarray] = {}

    def both(times: np.ndarray) -> np.ndarray:
        key = times.tobytes()
        if key not in known:
            known[key] = np.stack([
                np.mean([each(times)[labels] for each in side], 0)
                for side in sides])
        return known[key]

    def row(chosen: List[int]) -> Dict[str, float]:
        def mean(aps: np.ndarray) -> float:
            aps = aps[chosen]
            # Not every draw has every class.
            return float(np.nanmean(aps)) if np.isfinite(
                aps).any() else float('nan')

        def difference(times: np.ndarray) -> float:
            return mean(both(times)[0]) - mean(both(times)[1])

        number = objects.shape[1]
        once = both(np.ones(number, int))
        return dict(
            objects=int(objects[[labels[k] for k in chosen]].sum()),
            first=mean(once[0]), second=mean(once[1]),
            **bootstrap_interval(difference, number, draws, seed))

    rows = {classes[label]: row([k]) for k, label in enumerate(labels)}
    return {**rows, ALL: row(list(range(len(labels))))}
