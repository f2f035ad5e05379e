"""Compare the speed of reads, forecasts and other detectors fairly.

All models see the same frames in one process and take turns frame by frame,
so whatever else the machine does hits all alike. Weights are random: of an
SSD head the background is made likely (``--background``), for with uniform
scores every anchor would reach NMS. Times begin with the preprocessed image;
decoding and resizing, which a forecast also saves, are not in them.

Configs of FeatureForecastDetector give rows read, forecast and alternate (one
read and one forecast); other detectors one row per frame. Ratios are to the
row "read" of the first config. "process" is the CPU time of the process.

Example:
    python tools/analysis_tools/benchmark_stream.py \
        configs/feature_forecast/imagenet_vid.py \
        mmdet::ssd/ssdlite_mobilenetv2-scratch_8xb24-600e_coco.py --optimize
"""
import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

# First, because it explains what is missing.
import mmextra  # noqa: E402, F401  # isort: skip
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.logging import MMLogger
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from mmextra.apis import optimize_for_inference
from mmextra.evaluation.benchmark import write_atomic
from mmextra.evaluation.functional import break_even_ratio
from mmextra.evaluation.speed import time_call
from mmextra.models.detectors import FeatureForecastDetector, VideoStream
from mmextra.models.task_modules.read_policy import FORECAST, READ
from mmextra.utils.untrained_model import build_untrained, load_config

Step = Callable[[Tensor], None]


def favour_background(model: nn.Module, amount: float) -> None:
    """Raise the background's score of all SSD heads in a model."""
    for head in model.modules():
        if type(head).__name__ != 'SSDHead':
            continue
        for layers, priors in zip(head.cls_convs, head.num_base_priors):
            bias = layers[-1].bias.data.view(priors, head.cls_out_channels)
            bias[:, -1] += amount


class Contestant:
    """A model and what it does with a frame.

    Args:
        name (str): To show.
        cfg (Config): Its config.
        args (argparse.Namespace): The command line.
        optimize (bool): Fuse and reorder it first.
    """

    def __init__(self, name: str, cfg: Config, args: argparse.Namespace,
                 optimize: bool) -> None:
        torch.manual_seed(0)
        self.name = f'{name}, optimized' if optimize else name
        self.model = build_untrained(cfg)
        self.model.init_weights()
        favour_background(self.model, args.background)
        self.model.to(args.device)
        self.model.eval()
        self.optimize = optimize
        if optimize:
            optimize_for_inference(self.model)
        self.size = args.size
        self.stream: Optional[VideoStream] = None
        if isinstance(self.model, FeatureForecastDetector):
            self.stream = VideoStream(self.model.new_policy())

    @property
    def forecasts(self) -> bool:
        return self.stream is not None and self.model.forecasts

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
        """Have a forecast pending, whatever the policy wants."""
        with torch.no_grad():
            maps = self.model.extract_maps(image)
            self.stream.pending = self.model.step_maps(maps, None).forecast

    def forecast(self, image: Tensor) -> None:
        self.model.advance(self.stream, None, self._sample(), FORECAST)


def clock(step: Step, image: Tensor) -> Tuple[float, float]:
    """Wall and process time of one frame, milliseconds."""
    with torch.no_grad():
        found = time_call(lambda: step(image), image.device)
    return 1000 * found['wall'], 1000 * found['cpu']


def measure(contestants: Sequence[Contestant],
            args: argparse.Namespace) -> List[Dict[str, Any]]:
    """All readings, models taking turns at every frame."""
    rng = torch.Generator().manual_seed(0)
    frames = torch.randn(8, 1, 3, args.size, args.size, generator=rng)
    frames = frames.to(args.device)
    readings: Dict[Tuple[int, str], List[Tuple[float, float]]] = {}
    for turn in range(args.warm_up + args.frames):
        for number, contestant in enumerate(contestants):
            image = frames[turn % len(frames)]
            if contestant.optimize:
                image = image.contiguous(memory_format=torch.channels_last)
            for name, step in contestant.rows():
                if name == 'forecast' and contestant.stream.pending is None:
                    contestant.prepare_forecast(image)
                reading = clock(step, image)
                if turn >= args.warm_up:
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


def show(rows: Sequence[Dict[str, Any]], evens: Sequence[dict],
         args: argparse.Namespace) -> None:
    table = Table(title=f'1 x {args.size} x {args.size}, {args.device}, '
                  f'{torch.get_num_threads()} threads, median of '
                  f'{rows[0]["frames"]}')
    for heading in ('model', 'step', 'process ms', 'ratio', 'fps',
                    'wall ms', 'wall p90 ms'):
        table.add_column(heading)
    for row in rows:
        table.add_row(row['model'], row['step'], f'{row["process_ms"]:.1f}',
                      f'{row["ratio"]:.3f}', f'{row["fps"]:.1f}',
                      f'{row["wall_ms"]:.1f}', f'{row["wall_p90_ms"]:.1f}')
    console = Console(width=130)
    console.print(table)
    for item in evens:
        share = item['share']
        when = 'at any share of forecasts' if share <= 0 else \
            'at no share of forecasts' if share >= 1 else \
            f'from {100 * share:.0f} % forecasts on'
        console.print(f'{item["model"]} is faster than {item["other"]} '
                      f'{when}')


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='+')
    parser.add_argument('--size', type=int, default=320)
    parser.add_argument('--frames', type=int, default=60)
    parser.add_argument('--warm-up', type=int, default=5)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--optimize', action='store_true',
                        help='also every model fused and channels last')
    parser.add_argument('--background', type=float, default=8.,
                        help='added to the background of SSD heads')
    parser.add_argument('--out', type=Path, help='write the rows as JSON')
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> List[Dict[str, Any]]:
    """Command line; returns the rows."""
    args = parse_args(argv)
    torch.set_num_threads(args.threads)
    # Or every weight is told how it was initialised.
    MMLogger.get_current_instance().setLevel('WARNING')
    contestants = []
    for name in args.configs:
        cfg = load_config(name)
        for optimize in (False, True)[:1 + args.optimize]:
            contestants.append(Contestant(
                Path(name.split('::')[-1]).stem, cfg, args, optimize))
    rows = measure(contestants, args)
    evens = break_evens(rows)
    show(rows, evens, args)
    if args.out:
        write_atomic(args.out, json.dumps(
            dict(rows=rows, break_even=evens), indent=1) + '\n')
    return rows


if __name__ == '__main__':
    main()
