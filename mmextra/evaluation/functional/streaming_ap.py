"""Detections of a live video against what is to be seen when they are ready.
"""
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Union

import numpy as np

from .streaming import streaming_frames
from .video_ap import FrameMatches, match_frame

NOTHING = (np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True)
class StreamingSettings:
    """A source of frames and how long a detector takes.

    Attributes:
        fps: Frames per second of the source.
        latency_ms: Milliseconds of a frame; or those of ``read`` and
            ``forecast``; None for the times that were measured.

    Raises:
        ValueError: If a value is out of its range.
    """
    fps: float = 30.
    latency_ms: Union[None, float, Dict[str, float]] = None

    def __post_init__(self) -> None:
        if not isinstance(self.fps, (int, float)) or not self.fps > 0:
            raise ValueError('fps of streaming must be a number above 0, got '
                             f'{self.fps!r}')
        given: Any = self.latency_ms
        if isinstance(given, dict) and set(given) != {'read', 'forecast'}:
            raise ValueError('latency_ms of streaming must be a number, or '
                             "dict(read=..., forecast=...), got the keys "
                             f'{sorted(given)}')
        for value in given.values() if isinstance(given, dict) else [given]:
            if value is not None and (
                    not isinstance(value, (int, float)) or not value >= 0):
                raise ValueError('latency_ms of streaming must be numbers '
                                 f'from 0 on, got {value!r}')

    def seconds(self, is_forecast: bool,
                measured: Optional[float]) -> float:
        """Latency of a frame.

        Args:
            is_forecast (bool): Whether it was not read.
            measured (float, optional): Seconds that it took.

        Raises:
            ValueError: If it was neither given nor measured.
        """
        given: Any = self.latency_ms
        if isinstance(given, dict):
            given = given['forecast' if is_forecast else 'read']
        if given is not None:
            return given / 1000
        if measured is None:
            raise ValueError(
                'streaming AP needs times: give streaming=dict(fps=..., '
                'latency_ms=...), or measure them by '
                'model.test_cfg.timing=True')
        return measured


def streaming_matches(frames: Sequence[dict], settings: StreamingSettings,
                      **options: Any) -> List[FrameMatches]:
    """Match what is shown at the moment of every frame.

    Args:
        frames (Sequence[dict]): Of each frame ``matches``, its own;
            ``found``, boxes, labels and scores; ``is_forecast``; and
            ``time_model``, seconds or None.
        settings (StreamingSettings): Source and latencies.
        **options (Any): ``iou_thr``, ``small_object_tolerance`` and
            ``plus_one`` of :func:`match_frame`.

    Returns:
        list[FrameMatches]: Of the same frames, video by video.

    Raises:
        ValueError: If there are no times.
    """
    videos: Dict[int, List[dict]] = {}
    for each in frames:
        videos.setdefault(each['matches'].video, []).append(each)
    out = []
    for video in videos.values():
        video.sort(key=lambda each: each['matches'].frame)
        shown = streaming_frames(
            [settings.seconds(each['is_forecast'], each['time_model'])
             for each in video], settings.fps)
        for each, source in zip(video, shown):
            found = video[source]['found'] if source >= 0 else NOTHING
            out.append(match_again(each['matches'], *found, **options))
    return out


def match_again(truth: FrameMatches, boxes: np.ndarray, labels: np.ndarray,
                scores: np.ndarray, **options: Any) -> FrameMatches:
    """Other detections against the ground truth of a frame.

    Args:
        truth (FrameMatches): Any matches of the frame.
        boxes (np.ndarray): (D, 4) pixels.
        labels (np.ndarray): (D,).
        scores (np.ndarray): (D,).
        **options (Any): Of :func:`match_frame`.

    Returns:
        FrameMatches: The new matches.
    """
    return match_frame(
        boxes, labels, scores, truth.gt_boxes, truth.gt_labels, truth.gt_ids,
        truth.gt_ignored, video=truth.video, frame=truth.frame, **options)
