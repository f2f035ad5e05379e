"""Accuracy over speed of a feature forecast, by the policy of reading.

The maps of the backbone do not depend on the policy, so they are computed
once per video and every policy replays them. Frames per second follow from
the measured times of backbone and of the rest (medians, without loading).

"alternate k" reads every k-th frame; "hold k" does so too, but repeats the
last map where a forecast is wanted: the forecast must beat it.
forecast_vs_copy is the squared error of the forecast maps relative to that of
repeating the last map, with every frame read.

Example:
    python tools/analysis_tools/forecast_sweep.py CONFIG CHECKPOINT --hold \
        --out sweep.json --plot sweep.png
"""
import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

# First, because it explains what is missing.
import mmextra  # noqa: E402, F401  # isort: skip
import numpy as np
import torch
from mmdet.registry import DATASETS, METRICS, MODELS
from mmengine.config import Config, DictAction
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint
from rich.console import Console
from rich.progress import track
from rich.table import Table

from mmextra.apis.video_replay import (
    Stopwatch,
    as_batch,
    forecast_errors,
    keep_videos,
    replay,
)
from mmextra.evaluation.benchmark import write_atomic
from mmextra.evaluation.functional import fps_model
from mmextra.models.task_modules import ReadPolicy

VALUES = ('mAP', 'mAP_slow', 'mAP_medium', 'mAP_fast')


def settings_of(args: argparse.Namespace, forecasts: bool) -> List[dict]:
    """The policies to try, by name."""
    if not forecasts:
        return [dict(name='always read', mode='always_read')]
    out = [dict(name=f'p={p:g}', mode='scheduler', threshold=p,
                max_forecasts=args.max_forecasts,
                cumulative=args.cumulative)
           for p in args.thresholds]
    for k in args.alternate:
        same = dict(mode='alternate', interval=k)
        out.append(dict(name=f'alternate {k}', **same))
        if args.hold:
            out.append(dict(name=f'hold {k}', hold=True, **same))
    return out


class Sweep:
    """A model on its test videos.

    Args:
        config (str): Config file.
        checkpoint (str): Weights.
        args (argparse.Namespace): The command line.
    """

    def __init__(self, config: str, checkpoint: str,
                 args: argparse.Namespace) -> None:
        cfg = Config.fromfile(config)
        cfg.merge_from_dict(args.cfg_options or {})
        init_default_scope(cfg.get('default_scope', 'mmdet'))
        self.name = Path(config).stem
        self.model = MODELS.build(cfg.model)
        load_checkpoint(self.model, checkpoint, map_location='cpu')
        self.model.to(args.device).eval()
        self.dataset = DATASETS.build(
            cfg[f'{args.split}_dataloader'].dataset)
        self.metric_cfg = cfg[f'{args.split}_evaluator']
        self.device = torch.device(args.device)
        self.max_videos = args.max_videos
        self.errors = np.zeros(2)

    @property
    def forecast_vs_copy(self) -> Optional[float]:
        """Of the videos run; None where there is nothing to forecast."""
        forecast, copied = self.errors
        return float(forecast / copied) if copied else None

    def run(self, settings: Sequence[dict]) -> List[Dict[str, Any]]:
        """A row for each setting."""
        backbone = Stopwatch(self.device)
        steps = [Stopwatch(self.device) for _ in settings]
        metrics = [METRICS.build(self.metric_cfg) for _ in settings]
        for metric in metrics:
            metric.dataset_meta = self.dataset.metainfo
        videos = keep_videos(self.model, self.dataset, backbone,
                             self.max_videos)
        for video in track(videos, self.name, total=len(self.dataset)
                           if self.max_videos is None else self.max_videos):
            if self.model.forecasts:
                self.errors += forecast_errors(self.model, video)
            for setting, metric, watch in zip(settings, metrics, steps):
                policy = {key: value for key, value in setting.items()
                          if key not in ('name', 'hold')}
                metric.process(None, as_batch([replay(
                    self.model, video, ReadPolicy(**policy), watch,
                    setting.get('hold', False))]))
        return [self._row(*each, backbone) for each in zip(
            settings, metrics, steps)]

    def _row(self, setting: dict, metric: Any, watch: Stopwatch,
             backbone: Stopwatch) -> Dict[str, Any]:
        values = {key.split('/')[-1]: value
                  for key, value in metric.evaluate().items()}
        ratio = values['forecast_ratio']
        return dict(
            setting, model=self.name, ratio=ratio,
            t_backbone=backbone.median, t_step=watch.median,
            fps=fps_model(backbone.median, watch.median, ratio),
            **{key: values[key] for key in VALUES if key in values})


def over_alternate(rows: Sequence[dict]) -> Dict[str, float]:
    """What the scheduler gains at the ratio of each fixed rule.

    Args:
        rows (Sequence[dict]): All rows of a model.

    Returns:
        dict[str, float]: Name of the rule to the difference in mAP, the
        scheduler's curve being linear between its points; none for a ratio
        that it does not reach.
    """
    curve = sorted((r['ratio'], r['mAP']) for r in rows
                   if r['mode'] == 'scheduler')
    gains = {}
    for row in rows:
        if row['mode'] != 'alternate' or row.get('hold') or not curve or \
                not curve[0][0] <= row['ratio'] <= curve[-1][0]:
            continue
        ratios, values = zip(*curve)
        gains[row['name']] = float(
            np.interp(row['ratio'], ratios, values)) - row['mAP']
    return gains


def plot(rows: Sequence[dict], path: Path, title: str) -> None:
    """Draw mAP over frames per second and over the share of forecasts."""
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
    for axis, key, label in ((axes[0], 'fps', 'frames per second'),
                             (axes[1], 'ratio', 'share of forecasts')):
        curve = sorted((r for r in rows if r['mode'] == 'scheduler'),
                       key=lambda r: r['ratio'])
        axis.plot([r[key] for r in curve], [r['mAP'] for r in curve], 'o-',
                  label='scheduler, p')
        for row in curve:
            axis.annotate(row['name'][2:], (row[key], row['mAP']),
                          xytext=(3, 4), textcoords='offset points',
                          fontsize=7)
        for words, marker, wanted in (
                ('alternate', 's', lambda r: r['mode'] == 'alternate'
                 and not r.get('hold')),
                ('last map held', 'x', lambda r: r.get('hold')),
                ('per frame', '^', lambda r: r['mode'] == 'always_read')):
            chosen = [r for r in rows if wanted(r)]
            if chosen:
                axis.plot([r[key] for r in chosen],
                          [r['mAP'] for r in chosen], marker,
                          label=words, markersize=7)
        axis.set_xlabel(label)
        axis.grid(alpha=.3)
    axes[0].set_ylabel('mAP')
    axes[1].legend()
    figure.suptitle(title)
    figure.tight_layout()
    figure.savefig(str(path), dpi=110)
    plt.close(figure)


def show(rows: Sequence[dict], gains: Dict[str, float],
         forecast_vs_copy: Optional[float]) -> None:
    table = Table()
    for heading in ('model', 'policy', 'forecasts', 'fps', *VALUES):
        table.add_column(heading)
    for row in rows:
        table.add_row(row['model'], row['name'], f'{row["ratio"]:.3f}',
                      f'{row["fps"]:.1f}',
                      *(f'{row.get(key, float("nan")):.4f}'
                        for key in VALUES))
    console = Console(width=120)
    console.print(table)
    for name, gain in gains.items():
        console.print(f'scheduler over {name} at its ratio: {gain:+.4f} mAP')
    if forecast_vs_copy is not None:
        console.print(f'forecast_vs_copy {forecast_vs_copy:.4f}')


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('--thresholds', type=float, nargs='+',
                        default=[1, .9, .7, .5, .3, .1, -1])
    parser.add_argument('--max-forecasts', type=int,
                        help='with the scheduler, read after so many '
                        'forecasts in a row')
    parser.add_argument('--cumulative', action='store_true',
                        help='compare the product of the confidences since '
                        'the last read')
    parser.add_argument('--alternate', type=int, nargs='*',
                        default=[2, 3, 4, 6, 8])
    parser.add_argument('--hold', action='store_true',
                        help='also repeat the last map in place of forecasts')
    parser.add_argument('--baseline', nargs=2,
                        metavar=('CONFIG', 'CHECKPOINT'),
                        help='a detector without forecast, for comparison')
    parser.add_argument('--split', choices=['val', 'test'], default='test')
    parser.add_argument('--max-videos', type=int)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--out', type=Path, help='write the rows as JSON')
    parser.add_argument('--plot', type=Path, help='write a picture')
    parser.add_argument('--title', default='')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the rows."""
    args = parse_args(argv)
    sweep = Sweep(args.config, args.checkpoint, args)
    rows = sweep.run(settings_of(args, sweep.model.forecasts))
    if args.baseline:
        other = Sweep(*args.baseline, args)
        rows += other.run(settings_of(args, other.model.forecasts))
    gains = over_alternate([r for r in rows if r['model'] == sweep.name])
    show(rows, gains, sweep.forecast_vs_copy)
    if args.out:
        write_atomic(args.out, json.dumps(
            dict(rows=rows, over_alternate=gains,
                 forecast_vs_copy=sweep.forecast_vs_copy), indent=1) + '\n')
    if args.plot:
        plot(rows, args.plot, args.title or sweep.name)
    return rows


if __name__ == '__main__':
    main()
