"""Intervals of differences in AP, by drawing videos again."""
from dataclasses import dataclass
from typing import Callable, Dict, Sequence

import numpy as np

from .bootstrap import bootstrap_interval
from .video_ap import FrameMatches, false_positive_weights, share_inside


@dataclass
class VideoAP:
    """mAP over all speeds of a set of videos, each counted so many times.

    Args:
        frames (Sequence[FrameMatches]): Frames of all videos.
        num_classes (int): Labels are below it.
    """
    frames: Sequence[FrameMatches]
    num_classes: int

    def __post_init__(self) -> None:
        names = sorted({item.video for item in self.frames})
        place = {name: k for k, name in enumerate(names)}
        self.num_videos = len(names)
        self.npos = np.zeros((self.num_classes, self.num_videos))
        parts = []
        share = share_inside(
            [~item.gt_ignored for item in self.frames], 0.)
        for item in self.frames:
            video = place[item.video]
            counted = ~item.gt_ignored
            np.add.at(self.npos[:, video], item.gt_labels[counted], 1)
            there = item.matched >= 0
            hits = np.zeros(len(item.scores))
            hits[there] = counted[item.matched[there]]
            # Found, but to be ignored, is neither right nor wrong.
            false = false_positive_weights(item, counted, share)
            false[there] = 0.
            parts.append(np.stack(
                [item.scores, item.labels, hits, false,
                 np.full(len(hits), video)], 1))
        rows = np.concatenate(parts) if parts else np.zeros((0, 5))
        rows = rows[np.argsort(-rows[:, 0], kind='stable')]
        self._rows = [rows[rows[:, 1] == label, 2:]
                      for label in range(self.num_classes)]
        # One system takes part in many differences, by the same draws.
        self._known: Dict[bytes, float] = {}

    def mean_ap(self, times: np.ndarray) -> float:
        """Mean AP over the classes that there are.

        Args:
            times (np.ndarray): (num_videos,) how often each video counts.

        Returns:
            float: From 0 to 1; NaN without ground truth.
        """
        times = np.asarray(times, float)
        key = times.tobytes()
        if key not in self._known:
            self._known[key] = self._mean_ap(times)
        return self._known[key]

    def _mean_ap(self, times: np.ndarray) -> float:
        values = []
        for rows, npos in zip(self._rows, self.npos @ times):
            if not npos:
                continue
            weight = times[rows[:, 2].astype(int)]
            found = np.cumsum(rows[:, 0] * weight)
            false = np.cumsum(rows[:, 1] * weight)
            precision = found / np.maximum(found + false, 1e-12)
            envelope = np.maximum.accumulate(precision[::-1])[::-1]
            values.append(float((
                np.diff(found / npos, prepend=0.) * envelope).sum()))
        return float(np.mean(values)) if values else float('nan')


def bootstrap_difference(
        systems: Dict[str, VideoAP],
        difference: Callable[[Dict[str, float]], float],
        draws: int = 1000,
        seed: int = 0,
        level: float = .95) -> Dict[str, float]:
    """Difference between systems with its interval over videos, paired.

    Args:
        systems (dict[str, VideoAP]): Of the same videos.
        difference (Callable): From the mAP of each to one number.
        draws (int): How often as many videos are drawn, with replacement,
            the same for all systems.
        seed (int): Of the drawing.
        level (float): Probability that the interval holds.

    Returns:
        dict[str, float]: ``value`` on all videos once, ``low`` and ``high``.

    Raises:
        ValueError: If the systems are of different numbers of videos.
    """
    counts = {each.num_videos for each in systems.values()}
    if len(counts) != 1:
        raise ValueError('systems to be compared must have run on the same '
                         f'videos, not on {sorted(counts)} of them')
    number, = counts

    def of(times: np.ndarray) -> float:
        return difference({name: each.mean_ap(times)
                           for name, each in systems.items()})

    return bootstrap_interval(of, number, draws, seed, level)
