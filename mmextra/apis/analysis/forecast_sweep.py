"""Accuracy over speed of a feature forecast, by the policy of reading."""
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence

import numpy as np
import torch
from mmdet.registry import DATASETS, METRICS, MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint
from rich.progress import track

from mmextra.evaluation.functional import fps_model
from mmextra.models.task_modules import ReadPolicy
from mmextra.utils.checkpoint_fit import check_fit

from ..video_replay import (
    Stopwatch,
    as_batch,
    forecast_errors,
    keep_videos,
    replay,
)

VALUES = ('mAP', 'mAP_slow', 'mAP_medium', 'mAP_fast')


ALWAYS_READ = dict(name='always read', mode='always_read')


def policies(thresholds: Sequence[float], alternate: Sequence[int], *,
             hold: bool = False, max_forecasts: Optional[int] = None,
             cumulative: Optional[bool] = None) -> List[dict]:
    """The policies to try, by name.

    Args:
        thresholds (Sequence[float]): Of the scheduler.
        alternate (Sequence[int]): Every how many frames one is read.
        hold (bool): Also repeat the last map in place of forecasts.
        max_forecasts (int, optional): With the scheduler, read after so many
            forecasts in a row; None takes what the model's policy has.
        cumulative (bool, optional): Compare the product of the confidences
            since the last read; None takes what the model's policy has.

    Returns:
        list[dict]: ``name``, perhaps ``hold``, and changes to the model's
        :class:`ReadPolicy`.
    """
    given = {key: value for key, value in (
        ('max_forecasts', max_forecasts), ('cumulative', cumulative))
        if value is not None}
    out = [dict(name=f'p={p:g}', mode='scheduler', threshold=p, **given)
           for p in thresholds]
    for k in alternate:
        same = dict(mode='alternate', interval=k, max_forecasts=None)
        out.append(dict(name=f'alternate {k}', **same))
        if hold:
            out.append(dict(name=f'hold {k}', hold=True, **same))
    return out


class Sweep:
    """A model on its test videos.

    Args:
        config (str): Config file.
        checkpoint (str): Weights.
        split (str): ``'test'`` or ``'val'``.
        device (str): Where it runs.
        max_videos (int, optional): Take the first ones only.
        options (Mapping[str, Any], optional): Config key to value.
    """

    def __init__(self, config: str, checkpoint: str, *, split: str = 'test',
                 device: str = 'cpu', max_videos: Optional[int] = None,
                 options: Optional[Mapping[str, Any]] = None) -> None:
        cfg = Config.fromfile(config)
        cfg.merge_from_dict(dict(options or {}))
        init_default_scope(cfg.get('default_scope', 'mmdet'))
        self.name = Path(config).stem
        self.model = MODELS.build(cfg.model)
        check_fit(self.model, checkpoint)
        load_checkpoint(self.model, checkpoint, map_location='cpu')
        self.model.to(device).eval()
        self.dataset = DATASETS.build(cfg[f'{split}_dataloader'].dataset)
        self.metric_cfg = cfg[f'{split}_evaluator']
        self.device = torch.device(device)
        self.max_videos = max_videos
        self.errors = np.zeros(2)

    @property
    def forecast_vs_copy(self) -> Optional[float]:
        """Of the videos run; None where there is nothing to forecast."""
        forecast, copied = self.errors
        return float(forecast / copied) if copied else None

    def run(self, settings: Sequence[dict]) -> List[Dict[str, Any]]:
        """A row for each setting; one alone where nothing is forecast."""
        if not self.model.forecasts:
            settings = [ALWAYS_READ]
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
                metric.process(None, as_batch([replay(
                    self.model, video, self.policy_of(setting), watch,
                    setting.get('hold', False))]))
        return [self._row(*each, backbone) for each in zip(
            settings, metrics, steps)]

    def policy_of(self, setting: dict) -> ReadPolicy:
        """The model's own policy with the changes of a setting."""
        return self.model.new_policy(**{
            key: value for key, value in setting.items()
            if key not in ('name', 'hold')})

    def _row(self, setting: dict, metric: Any, watch: Stopwatch,
             backbone: Stopwatch) -> Dict[str, Any]:
        values = {key.split('/')[-1]: value
                  for key, value in metric.evaluate().items()}
        ratio = values['forecast_ratio']
        policy = self.policy_of(setting)
        return dict(
            dict(setting, cumulative=policy.cumulative,
                 max_forecasts=policy.max_forecasts),
            model=self.name, ratio=ratio,
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
        for words, marker, chosen in (
                ('alternate', 's', [r for r in rows if r['mode'] ==
                                    'alternate' and not r.get('hold')]),
                ('last map held', 'x', [r for r in rows if r.get('hold')]),
                ('per frame', '^', [r for r in rows
                                    if r['mode'] == 'always_read'])):
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
