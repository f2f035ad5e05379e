"""Speed of reads, forecasts and detectors that read every frame."""
import statistics
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.logging import MMLogger
from torch import Tensor, nn

from mmextra.evaluation.functional import break_even_ratio
from mmextra.evaluation.speed import time_call
from mmextra.models.detectors import FeatureForecastDetector, VideoStream
from mmextra.models.task_modules.read_policy import FORECAST, READ
from mmextra.utils.untrained_model import build_untrained

from ..stream_detector import optimize_for_inference

Step = Callable[[Tensor], None]


def favour_background(model: nn.Module, amount: float) -> None:
    """Raise the background's score of all SSD heads in a model."""
    head: Any
    for head in model.modules():
        if type(head).__name__ != 'SSDHead':
            continue
        for layers, priors in zip(head.cls_convs, head.num_base_priors):
            bias = layers[-1].bias.data.view(priors, head.cls_out_channels)
            bias[:, -1] += amount


class StreamContestant:
    """A model and what it does with a frame.

    Args:
        name (str): To show.
        cfg (Config): Its config.
        size (int): Side of the images in pixels.
        device (str): Where it runs.
        background (float): Added to the background of SSD heads.
        optimize (bool): Fuse and reorder it first.
    """

    def __init__(self, name: str, cfg: Config, *, size: int = 320,
                 device: str = 'cpu', background: float = 8.,
                 optimize: bool = False) -> None:
        torch.manual_seed(0)
        # Or every weight is told how it was initialised.
        MMLogger.get_current_instance().setLevel('WARNING')
        self.name = f'{name}, optimized' if optimize else name
        self.model = build_untrained(cfg)
        self.model.init_weights()
        favour_background(self.model, background)
        self.device = device
        self.model.to(device)
        self.model.eval()
        self.optimize = optimize
        if optimize:
            optimize_for_inference(self.model)
        self.size = size
        self.stream: Optional[VideoStream] = None
        if isinstance(self.model, FeatureForecastDetector):
            self.stream = VideoStream(self.model.new_policy())

    @property
    def forecasts(self) -> bool:
        return self.stream is not None and self.model.forecasts

    @property
    def has_forecast(self) -> bool:
        """Whether there is one of the next frame."""
        return self.stream is not None and self.stream.ahead is not None

    def rows(self) -> List[Tuple[str, Step]]:
        """Names and functions of what is measured."""
        if not self.forecasts:
            return [('per frame', self.per_frame)]
        return [('read', self.read), ('forecast', self.forecast)]

    def _sample(self) -> DetDataSample:
        shape = (self.size, self.size)
        return DetDataSample(metainfo=dict(
            img_shape=shape, ori_shape=shape, pad_shape=shape,
            batch_input_shape=shape, scale_factor=(1., 1.)))

    def per_frame(self, image: Tensor) -> None:
        if self.stream is not None:
            self.model.advance(self.stream, image, self._sample(), READ)
        else:
            self.model.predict(image, [self._sample()])

    def read(self, image: Tensor) -> None:
        self.model.advance(self.stream, image, self._sample(), READ)

    def prepare_forecast(self, image: Tensor) -> None:
        """Have a forecast of the next frame."""
        with torch.no_grad():
            maps = self.model.extract_maps(image)
            ahead = self.model.step_maps(maps, None).forecast
        if self.stream is not None:
            self.stream.ahead = ahead

    def forecast(self, image: Tensor) -> None:
        self.model.advance(self.stream, None, self._sample(), FORECAST)


def clock(step: Step, image: Tensor) -> Tuple[float, float]:
    """Wall and process time of one frame, milliseconds."""
    with torch.no_grad():
        found = time_call(lambda: step(image), image.device)
    return 1000 * found['wall'], 1000 * found['cpu']


def stream_speed(contestants: Sequence[StreamContestant], frames: int,
                 warm_up: int = 5) -> List[Dict[str, Any]]:
    """Medians of models that take turns at every frame.

    Args:
        contestants (Sequence[StreamContestant]): Of one size and device.
        frames (int): Number of frames that count.
        warm_up (int): Number of frames before.

    Returns:
        list[dict]: For each model and step ``model``, ``step``, ``frames``,
        ``wall_ms``, ``wall_p90_ms``, ``process_ms``, ``fps`` and ``ratio``
        to the first.
    """
    size = contestants[0].size
    rng = torch.Generator().manual_seed(0)
    images = torch.randn(8, 1, 3, size, size, generator=rng)
    images = images.to(contestants[0].device)
    readings: Dict[Tuple[int, str], List[Tuple[float, float]]] = {}
    for turn in range(warm_up + frames):
        for number, contestant in enumerate(contestants):
            image = images[turn % len(images)]
            if contestant.optimize:
                image = image.contiguous(memory_format=torch.channels_last)
            for name, step in contestant.rows():
                if name == 'forecast' and not contestant.has_forecast:
                    contestant.prepare_forecast(image)
                reading = clock(step, image)
                if turn >= warm_up:
                    readings.setdefault((number, name), []).append(reading)
    rows = []
    for (number, name), values in readings.items():
        wall, cpu = zip(*values)
        rows.append(dict(
            model=contestants[number].name, step=name, frames=len(values),
            wall_ms=statistics.median(wall),
            wall_p90_ms=sorted(wall)[int(.9 * (len(wall) - 1))],
            process_ms=statistics.median(cpu)))
    return _with_alternate(rows)


def _with_alternate(rows: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Add the mean of read and forecast, and ratios to the first read."""
    out = []
    for row in rows:
        out.append(row)
        if row['step'] != 'forecast':
            continue
        read, = (r for r in rows if r['step'] == 'read' and
                 r['model'] == row['model'])
        out.append(dict(
            row, step='alternate',
            **{key: (read[key] + row[key]) / 2
               for key in ('wall_ms', 'wall_p90_ms', 'process_ms')}))
    key = 'process_ms' if out[0]['process_ms'] else 'wall_ms'
    for row in out:
        row['ratio'] = row[key] / out[0][key]
        row['fps'] = 1000 / row[key]
    return out


def break_evens(rows: Sequence[Dict[str, Any]]) -> List[dict]:
    """From which share of forecasts on a model beats one that reads all."""
    found = []
    for other in (r for r in rows if r['step'] == 'per frame'):
        for read in (r for r in rows if r['step'] == 'read'):
            forecast, = (r for r in rows if r['step'] == 'forecast' and
                         r['model'] == read['model'])
            found.append(dict(
                model=read['model'], other=other['model'],
                share=break_even_ratio(
                    read['process_ms'] - forecast['process_ms'],
                    forecast['process_ms'], other['process_ms'])))
    return found
