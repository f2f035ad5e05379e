"""Kept videos as a live source that does not wait."""
import math
from typing import List, NamedTuple, Optional

import torch
from mmdet.structures import DetDataSample

from mmextra.evaluation.functional import next_frame, shown_at_frames
from mmextra.models.detectors import FeatureForecastDetector, VideoStream
from mmextra.models.detectors.video_steps import peek_video, skip_frames
from mmextra.models.task_modules import ReadPolicy
from mmextra.models.task_modules.read_policy import Between

from .video_replay import KeptVideo, StepWatches, step_replayed


class Pace(NamedTuple):
    """How fast frames come and how long they take.

    Attributes:
        fps: Frames per second of the source.
        read: Seconds of a frame that is read.
        between: Seconds of one that is not.
    """
    fps: float
    read: float
    between: float

    def delay(self, seconds: float) -> int:
        """Frames from one that is taken to the first that sees its
        result."""
        return max(math.ceil(seconds * self.fps - 1e-9), 0)


@torch.no_grad()
def replay_live(model: FeatureForecastDetector, video: KeptVideo,
                policy: ReadPolicy, pace: Pace, watches: StepWatches,
                look_ahead: bool = False
                ) -> List[Optional[DetDataSample]]:
    """What is shown at the moment of every frame of a live video.

    The detector takes the newest frame whenever it is free, and is told how
    many it missed.

    Args:
        model (FeatureForecastDetector): In evaluation mode.
        video (KeptVideo): The video.
        policy (ReadPolicy): Which frames are read; not changed.
        pace (Pace): Of source and detector.
        watches (StepWatches): Measure the steps.
        look_ahead (bool): Show what :meth:`peek` says of the frame at which
            the result is ready; each frame ahead takes a forecast's time.

    Returns:
        list[DetDataSample or None]: For each frame the result shown, None
        where none is ready yet.
    """
    stream = VideoStream(policy)
    ready: List[float] = []
    results: List[Optional[DetDataSample]] = []
    last = -1
    frame, begin = next_frame(0., last, pace.fps)
    while frame < len(video.maps):
        if last >= 0:
            skip_frames(model, stream, frame - last - 1)
        seconds = pace.read if stream.needs_frame else pace.between
        sample = step_replayed(model, stream, video, frame, watches)
        delay = pace.delay(seconds)
        if look_ahead and delay and stream.has_next:
            if policy.between == 'forecast':
                seconds += delay * pace.between
                delay = pace.delay(seconds)
            sample = peek_video(model, stream, sample.new(), delay)
        results.append(sample)
        ready.append(begin + seconds)
        last = frame
        frame, begin = next_frame(ready[-1], last, pace.fps)
    return [results[k] if k >= 0 else None for k in shown_at_frames(
        ready, len(video.maps), pace.fps)]


@torch.no_grad()
def replay_ahead(model: FeatureForecastDetector, video: KeptVideo,
                 between: Between, frames: int, watches: StepWatches
                 ) -> List[Optional[DetDataSample]]:
    """What is known of every frame so many frames before, all being read.

    Args:
        model (FeatureForecastDetector): In evaluation mode.
        video (KeptVideo): The video.
        between (str): See :class:`ReadPolicy`.
        frames (int): How many frames before.
        watches (StepWatches): Measure the steps.

    Returns:
        list[DetDataSample or None]: For each frame, None for the first.
    """
    stream = VideoStream(ReadPolicy('always_read', between=between))
    known: List[Optional[DetDataSample]] = [None] * frames
    for t in range(len(video.maps) - frames):
        sample = step_replayed(model, stream, video, t, watches)
        known.append(peek_video(model, stream, sample.new(), frames))
    return known[:len(video.maps)]
