"""Classified images of several folds together, with intervals by group."""
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Sequence

import numpy as np
from mmengine.fileio import load

from mmextra.utils.arrays import as_numpy

from .bootstrap import bootstrap_interval
from .classification import confusion_matrix, roc_area, sensitivities

Statistic = Callable[['ClassifiedImages'], float]


@dataclass
class ClassifiedImages:
    """What a classifier said of N images.

    Args:
        truth (np.ndarray): (N, ) classes.
        scores (np.ndarray): (N, C) scores; the largest is the prediction.
        groups (np.ndarray): (N, ) numbers of what images share, as the slice
            of windows or the patient of slices.
    """
    truth: np.ndarray
    scores: np.ndarray
    groups: np.ndarray

    @property
    def num_groups(self) -> int:
        """Number of groups."""
        return int(self.groups.max()) + 1

    def repeated(self, times: np.ndarray) -> 'ClassifiedImages':
        """The images, those of each group so many times.

        Args:
            times (np.ndarray): (num_groups, ) integers.
        """
        index = np.repeat(np.arange(len(self.truth)), times[self.groups])
        return ClassifiedImages(self.truth[index], self.scores[index],
                                self.groups[index])


def read_folds(files: Sequence[Path],
               group_by: str = 'img_path') -> ClassifiedImages:
    """What ``tools/test.py --out`` wrote of each fold, together.

    Args:
        files (Sequence[Path]): One of each fold. A pickle can run code: take
            your own alone.
        group_by (str): Key of the samples by which they belong together.

    Returns:
        :obj:`ClassifiedImages`: Of all folds.

    Raises:
        ValueError: If a file has no classified images, or no such key, if a
            group is in two folds, or if their classes differ in number.
    """
    truth, scores, names = [], [], []
    fold_of: Dict[str, Path] = {}
    for file in files:
        samples = load(str(file))
        needed = ('img_label', 'pred_img_scores', group_by)
        for number, each in enumerate(samples):
            absent = [key for key in needed
                      if not isinstance(each, dict) or each.get(key) is None]
            if absent:
                raise ValueError(
                    f'{file}: entry {number} has no {", ".join(absent)}; take '
                    'what "tools/test.py --out" writes for an image '
                    'classifier, and group by a key of its samples')
            name = str(each[group_by])
            if fold_of.setdefault(name, file) != file:
                raise ValueError(
                    f'{group_by} {name} is in {fold_of[name]} and in {file}; '
                    'folds must not share one')
            truth.append(int(each['img_label']))
            scores.append(as_numpy(each['pred_img_scores']))
            if len(scores[-1]) != len(scores[0]):
                raise ValueError(
                    f'{file} has {len(scores[-1])} classes, {files[0]} '
                    f'{len(scores[0])}; they are not folds of one data set')
            names.append(name)
    if not truth:
        raise ValueError(f'no images in {", ".join(map(str, files))}')
    return ClassifiedImages(
        np.array(truth), np.stack(scores).astype(float),
        np.unique(names, return_inverse=True)[1].reshape(-1))


def accuracy(images: ClassifiedImages) -> float:
    """Share of the images whose class was recognised."""
    return float((images.scores.argmax(1) == images.truth).mean())


def sensitivity(label: int) -> Statistic:
    """Share of a class that was recognised; NaN without its images."""

    def of(images: ClassifiedImages) -> float:
        matrix = confusion_matrix(images.truth, images.scores.argmax(1),
                                  images.scores.shape[1])
        return float(sensitivities(matrix)[label])

    return of


def roc_auc(label: int) -> Statistic:
    """Area under ROC of a class's score, see :func:`roc_area`."""

    def of(images: ClassifiedImages) -> float:
        return roc_area(images.scores[:, label], images.truth == label)

    return of


def group_interval(images: ClassifiedImages,
                   statistic: Statistic) -> Dict[str, float]:
    """A statistic of images with its interval, groups drawn again.

    Args:
        images (ClassifiedImages): All of them.
        statistic (Callable): From images to a number.

    Returns:
        dict[str, float]: See :func:`bootstrap_interval`.
    """
    return bootstrap_interval(
        lambda times: statistic(images.repeated(times)), images.num_groups)
