"""Thresholds of the policy by change, learnt on videos."""
from typing import Any, Dict, List, Sequence

import numpy as np
import torch

from mmextra.models.detectors.video_steps import map_change
from mmextra.models.task_modules import ReadPolicy
from mmextra.models.task_modules.read_policy import READ

from ..video_replay import KeptVideo

HALVINGS = 30


class ChangeTable:
    """Changes of the maps of videos, at all distances that reads can have.

    Args:
        level (int): Which map to look at.
        max_forecasts (int): Most frames in a row that are not read.
    """

    def __init__(self, level: int, max_forecasts: int = 3) -> None:
        self.level = level
        self.max_forecasts = max_forecasts
        self.videos: List[Dict[int, np.ndarray]] = []
        self.lengths: List[int] = []

    def add(self, video: KeptVideo) -> None:
        """Take in a video."""
        maps = [each[self.level] for each in video.maps]
        table = {}
        for gap in range(1, min(self.max_forecasts + 2, len(maps))):
            table[gap] = map_change(torch.cat(maps[gap:]),
                                    torch.cat(maps[:-gap])).numpy()
        self.videos.append(table)
        self.lengths.append(len(maps))

    def share(self, threshold: float) -> float:
        """Share of frames that a threshold leaves unread."""
        skipped = 0
        for table, length in zip(self.videos, self.lengths):
            policy = ReadPolicy('change', threshold,
                                max_forecasts=self.max_forecasts)
            for t in range(length):
                if policy.next_op() == READ:
                    gap = policy.run + 1
                    policy.note_change(table[gap][t - gap] if t else None)
                    policy.observe(op=READ)
                else:
                    policy.observe()
                    skipped += 1
        return skipped / max(sum(self.lengths), 1)

    def learn(self, shares: Sequence[float]) -> List[float]:
        """The thresholds that leave such shares of frames unread.

        Args:
            shares (Sequence[float]): From 0 to 1; the cap on frames in a row
                may keep one out of reach, which gives its nearest.

        Returns:
            list[float]: One threshold for each.

        Raises:
            ValueError: If no video was taken in.
        """
        if not self.videos:
            raise ValueError('thresholds are learnt on videos, and there is '
                             'none')
        found = []
        for wanted in shares:
            low, high = -5., 3.
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                if self.share(10 ** middle) < wanted:
                    low = middle
                else:
                    high = middle
            found.append(10 ** high)
        return found


def learnt(table: ChangeTable, shares: Sequence[float]
           ) -> List[Dict[str, Any]]:
    """Settings of the policy for shares of unread frames."""
    return [dict(threshold=float(f'{threshold:.4g}'), share=share)
            for threshold, share in zip(table.learn(shares), shares)]
