"""Run several policies over videos whose backbone maps are kept."""
import time
from dataclasses import dataclass, field
from typing import Any, Iterator, List, Optional, Sequence, Tuple

import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.dataset import pseudo_collate

from mmextra.models.detectors import FeatureForecastDetector, VideoStream
from mmextra.models.detectors.video_steps import advance_video
from mmextra.models.task_modules.read_policy import ReadPolicy

Feats = Tuple[torch.Tensor, ...]


@dataclass
class KeptVideo:
    """Maps of every frame of a video in half precision, and its metas."""
    maps: List[Feats] = field(default_factory=list)
    samples: List[DetDataSample] = field(default_factory=list)


class Stopwatch:
    """Milliseconds of what it measures.

    The time of the process on a CPU, which other processes hardly disturb;
    the wall clock with a GPU.

    Args:
        device (torch.device): Where the work is done.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.readings: List[float] = []

    def now(self) -> float:
        """The time in seconds."""
        if self.device.type == 'cuda':
            torch.cuda.synchronize(self.device)
            return time.perf_counter()
        return time.process_time()

    def __enter__(self) -> 'Stopwatch':
        self.begin = self.now()
        return self

    def __exit__(self, *_: Any) -> None:
        self.readings.append(1000 * (self.now() - self.begin))

    @property
    def median(self) -> float:
        """Median in milliseconds; 0 without readings."""
        return float(torch.tensor(self.readings or [0.]).median())


@torch.no_grad()
def keep_videos(model: FeatureForecastDetector, dataset: Any,
                watch: Stopwatch,
                max_videos: Optional[int] = None,
                first: int = 0) -> Iterator[KeptVideo]:
    """Run the backbone over videos, once for all policies.

    Args:
        model (FeatureForecastDetector): In evaluation mode.
        dataset (Any): An ``ImageNetVIDDataset`` in test mode.
        watch (Stopwatch): Measures the backbone, frame by frame.
        max_videos (int, optional): Take so many only.
        first (int): Position of the first one.

    Yields:
        KeptVideo: One video after the other.
    """
    device = next(model.parameters()).device
    end = len(dataset) if max_videos is None else min(
        first + max_videos, len(dataset))
    for index in range(first, end):
        video = KeptVideo()
        for t in range(dataset.get_len_per_video(index)):
            data = model.data_preprocessor(
                pseudo_collate([dataset.prepare_data((index, t))]))
            image = data['inputs'][:, 0].to(device)
            with watch:
                maps = model.extract_maps(image)
            video.maps.append(tuple(m.half().cpu() for m in maps))
            video.samples.append(data['data_samples'][0][0])
        yield video


@dataclass
class StepWatches:
    """Times of all but the backbone: of frames that are read, and of those
    that are not."""
    read: Stopwatch
    between: Stopwatch

    @classmethod
    def on(cls, device: torch.device) -> 'StepWatches':
        """Two new ones."""
        return cls(Stopwatch(device), Stopwatch(device))


def step_replayed(model: FeatureForecastDetector, stream: VideoStream,
                  video: KeptVideo, frame: int,
                  watches: StepWatches) -> DetDataSample:
    """The next step of a stream, on a frame of a kept video.

    Args:
        model (FeatureForecastDetector): In evaluation mode.
        stream (VideoStream): State of the video; changed in place.
        video (KeptVideo): The video.
        frame (int): Which frame of it.
        watches (StepWatches): Measure the step.

    Returns:
        DetDataSample: A new sample with detections.
    """
    sample = video.samples[frame].new()
    reads = stream.needs_frame
    maps: Tuple[torch.Tensor, ...] = ()
    if reads:
        weight = next(model.parameters())
        maps = tuple(m.to(weight.device, weight.dtype)
                     for m in video.maps[frame])
    with watches.read if reads else watches.between:
        advance_video(model, stream, (lambda: maps) if reads else None,
                      sample)
    sample.set_metainfo(dict(time_model=None))
    return sample


@torch.no_grad()
def replay(model: FeatureForecastDetector, video: KeptVideo,
           policy: ReadPolicy, watches: StepWatches) -> TrackDataSample:
    """Detect on a video by a policy.

    Args:
        model (FeatureForecastDetector): In evaluation mode.
        video (KeptVideo): The video.
        policy (ReadPolicy): Which frames are read, and what is shown
            between; not changed.
        watches (StepWatches): Measure all but the backbone.

    Returns:
        TrackDataSample: New samples with the detections of all frames.
    """
    stream = VideoStream(policy)
    return as_track([step_replayed(model, stream, video, t, watches)
                     for t in range(len(video.maps))])


def as_track(samples: List[DetDataSample]) -> TrackDataSample:
    """The frames of a video as one sample."""
    track = TrackDataSample()
    track.video_data_samples = samples
    return track


@torch.no_grad()
def forecast_errors(model: FeatureForecastDetector,
                    video: KeptVideo) -> Tuple[float, float]:
    """How far forecasts are from the maps that came, every frame read.

    Args:
        model (FeatureForecastDetector): One that forecasts, in evaluation
            mode.
        video (KeptVideo): The video.

    Returns:
        tuple[float, float]: Squared errors, summed over the elements of all
        levels that are forecast, of the forecast and of repeating the last
        map.

    Raises:
        ValueError: If the model has no temporal module.
    """
    temporal = model.temporal
    if temporal is None:
        raise ValueError('a detector without temporal module forecasts '
                         'nothing; there are no errors to measure')
    device = next(model.parameters()).device
    dtype = next(model.parameters()).dtype
    memory, forecast, copied = None, 0., 0.
    for now, then in zip(video.maps, video.maps[1:]):
        now = tuple(m.to(device, dtype) for m in now)
        out = temporal.step(now, memory)
        memory = out.state
        for level in temporal.levels:
            real = then[level].to(device, dtype)
            forecast += float((out.forecast[level] - real).square().sum())
            copied += float((now[level] - real).square().sum())
    return forecast, copied


def as_batch(tracks: Sequence[TrackDataSample]) -> List[dict]:
    """Samples as metrics take them."""
    return [track.to_dict() for track in tracks]
