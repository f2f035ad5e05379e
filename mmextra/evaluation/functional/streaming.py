"""When the detections of a live video are ready, and what they meet then.

Streaming accuracy (Li et al., Towards Streaming Perception, ECCV 2020): at
the moment of every frame the latest detections that are ready are compared
with what is to be seen at that moment, not in the frame that they were made
from. Not in the paper.
"""
import math
from typing import List, Sequence, Tuple

import numpy as np

# Of a second: times that are equal but for rounding.
MOMENT = 1e-9


def next_frame(free: float, last: int, fps: float) -> Tuple[int, float]:
    """Which frame a detector takes that always takes the newest.

    Args:
        free (float): When it is free, seconds; frame i comes at ``i / fps``.
        last (int): Frame that it took before, -1 for none.
        fps (float): Frames per second of the source.

    Returns:
        tuple[int, float]: The frame, and when it begins.
    """
    frame = max(math.floor((free + MOMENT) * fps), last + 1)
    return frame, max(free, frame / fps)


def shown_at_frames(ready: Sequence[float], count: int,
                    fps: float) -> np.ndarray:
    """Which result is the latest at the moment of every frame.

    Args:
        ready (Sequence[float]): When each result is ready, seconds, rising.
        count (int): Number of frames.
        fps (float): Frames per second of the source.

    Returns:
        np.ndarray: (count,) index of a result, -1 where none is ready yet.
    """
    moments = np.arange(count) / fps + MOMENT
    return np.searchsorted(np.asarray(ready, np.float64), moments,
                           side='right') - 1


def streaming_frames(latencies: Sequence[float], fps: float) -> np.ndarray:
    """Whose detections are shown at every frame of a video.

    What a frame costs and finds is taken to be the same whether or not
    others before it were left out.

    Args:
        latencies (Sequence[float]): Seconds that each frame takes.
        fps (float): Frames per second of the source.

    Returns:
        np.ndarray: (T,) position of a frame, -1 where nothing is ready yet.
    """
    taken: List[int] = []
    ready: List[float] = []
    frame, begin = next_frame(0., -1, fps)
    while frame < len(latencies):
        taken.append(frame)
        ready.append(begin + latencies[frame])
        frame, begin = next_frame(ready[-1], frame, fps)
    shown = shown_at_frames(ready, len(latencies), fps)
    return np.array([*taken, -1])[shown]
