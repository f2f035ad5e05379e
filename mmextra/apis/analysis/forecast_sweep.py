"""Accuracy over speed of a feature forecast, by the policy of reading."""
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import torch
from mmdet.registry import DATASETS, METRICS, MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint
from rich.progress import track

from mmextra.evaluation.functional import FrameMatches, VideoAP, fps_model
from mmextra.evaluation.functional.streaming_ap import NOTHING, match_again
from mmextra.models.detectors.forecast_parts import check_policy
from mmextra.models.task_modules import ReadPolicy
from mmextra.models.task_modules.read_policy import Between
from mmextra.utils.arrays import as_numpy
from mmextra.utils.checkpoint_fit import check_fit
from mmextra.utils.command_line import talks_to_stderr

from ..live_replay import Pace, replay_ahead, replay_live
from ..video_replay import (
    KeptVideo,
    StepWatches,
    Stopwatch,
    as_batch,
    forecast_errors,
    keep_videos,
    replay,
)
from .change_thresholds import ChangeTable, learnt

VALUES = ('mAP', 'mAP_slow', 'mAP_medium', 'mAP_fast')
ALWAYS_READ = dict(name='always read', mode='always_read',
                   between='forecast')
OF_SWEEP = ('name', 'share')


def policies(thresholds: Sequence[float], alternate: Sequence[float], *,
             changes: Sequence[Mapping[str, Any]] = (),
             between: Sequence[Between] = ('forecast', ),
             max_forecasts: Optional[int] = None,
             cumulative: Optional[bool] = None) -> List[dict]:
    """The policies to try, by name.

    Args:
        thresholds (Sequence[float]): Of the scheduler.
        alternate (Sequence[float]): Every how many frames one is read.
        changes (Sequence[Mapping]): Of the policy by change, ``threshold``
            and perhaps the ``share`` of frames that it was learnt for.
        between (Sequence[str]): What is shown where a frame is not read.
        max_forecasts (int, optional): With the scheduler and by change, read
            after so many frames in a row without; None takes what the
            model's policy has, and 3 by change.
        cumulative (bool, optional): Compare the product of the confidences
            since the last read; None takes what the model's policy has.

    Returns:
        list[dict]: ``name`` and changes to the model's
        :class:`ReadPolicy`.
    """
    given = {key: value for key, value in (
        ('max_forecasts', max_forecasts), ('cumulative', cumulative))
        if value is not None}
    out = []
    for shown in between:
        more = '' if shown == 'forecast' else f', {shown}'
        out += [dict(name=f'p={p:g}{more}', mode='scheduler', threshold=p,
                     between=shown, **given) for p in thresholds]
        out += [dict(change, name=f'change {change["threshold"]:g}{more}',
                     mode='change', between=shown,
                     max_forecasts=max_forecasts) for change in changes]
        out += [dict(name=f'alternate {k:g}{more}', mode='alternate',
                     interval=k, max_forecasts=None, between=shown)
                for k in alternate]
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

    @talks_to_stderr
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
        self.cfg, self.split = cfg, split
        self.dataset = DATASETS.build(cfg[f'{split}_dataloader'].dataset)
        self.metric_cfg = cfg[f'{split}_evaluator']
        self.device = torch.device(device)
        self.max_videos = max_videos
        self.errors = np.zeros(2)
        self.aps: Dict[str, VideoAP] = {}

    @property
    def forecast_vs_copy(self) -> Optional[float]:
        """Of the videos run; None where there is nothing to forecast."""
        forecast, copied = self.errors
        return float(forecast / copied) if copied else None

    @talks_to_stderr
    def learn(self, shares: Sequence[float], ann_file: Optional[str] = None,
              max_forecasts: Optional[int] = None) -> List[dict]:
        """Thresholds of the policy by change, from other videos.

        Args:
            shares (Sequence[float]): Of frames that are not read.
            ann_file (str, optional): Videos to learn from, as the config's
                ``ann_file``; those of the ``val`` split by default.
            max_forecasts (int, optional): See :func:`policies`.

        Returns:
            list[dict]: ``threshold`` and ``share``.

        Raises:
            ValueError: If they would be learnt from the tested videos.
        """
        split = 'val' if ann_file is None else self.split
        cfg = self.cfg[f'{split}_dataloader'].dataset.copy()
        if ann_file is not None:
            cfg.ann_file = ann_file
        dataset = DATASETS.build(cfg)
        if dataset.ann_file == self.dataset.ann_file:
            raise ValueError(
                f'thresholds are not to be learnt from {dataset.ann_file}, '
                'which they are tested on; name other videos by --learn')
        table = ChangeTable(self.model.judged_level,
                            3 if max_forecasts is None else max_forecasts)
        for video in keep_videos(self.model, dataset,
                                 Stopwatch(self.device), self.max_videos):
            table.add(video)
        return learnt(table, shares)

    def possible(self, settings: Sequence[dict]) -> List[dict]:
        """Those that the model can follow, after reading every frame."""
        out = [dict(ALWAYS_READ)]
        for setting in settings:
            policy = self.policy_of(setting)
            try:
                check_policy(self.model, policy)
            except ValueError:
                continue
            # A scheduler costs time even where it lets every frame be read.
            if not policy.reads_all or self.model.forecasts and \
                    policy.asks_scheduler:
                out.append(setting)
        return out

    @talks_to_stderr
    def run(self, settings: Sequence[dict], live_fps: Optional[float] = None,
            latency_ms: Optional[Tuple[float, float]] = None,
            ahead: Sequence[int] = (),
            between: Sequence[Between] = ()) -> List[Dict[str, Any]]:
        """A row for each setting that the model can follow.

        Args:
            settings (Sequence[dict]): See :func:`policies`.
            live_fps (float, optional): Also run each as a live source of so
                many frames per second.
            latency_ms (tuple[float, float], optional): Of a read and of
                another frame there; measured on the first video by default.
            ahead (Sequence[int]): Also see what is known of each frame so
                many frames before, every frame being read.
            between (Sequence[str]): By these means.

        Returns:
            list[dict]: The rows. ``aps`` then has the AP of each by name,
            with ``live`` and ``live, ahead`` behind the name, and of
            ``<between> +<frames>``.
        """
        settings = self.possible(settings)
        backbone = Stopwatch(self.device)
        watches = [StepWatches.on(self.device) for _ in settings]
        metrics = [METRICS.build(self.metric_cfg) for _ in settings]
        for metric in metrics:
            metric.dataset_meta = self.dataset.metainfo
        more: Dict[str, List[FrameMatches]] = {}
        for video in track(
                keep_videos(self.model, self.dataset, backbone,
                            self.max_videos), self.name,
                total=self.max_videos or len(self.dataset)):
            if self.model.forecasts:
                self.errors += forecast_errors(self.model, video)
            for setting, metric, watch in zip(settings, metrics, watches):
                policy = self.policy_of(setting)
                metric.process(None, as_batch([
                    replay(self.model, video, policy, watch)]))
                if live_fps is None:
                    continue
                pace = Pace(live_fps, *(
                    each / 1000 for each in latency_ms or (
                        backbone.median + watch.read.median,
                        watch.between.median)))
                for look in (False, True):
                    name = f'{setting["name"]}, live' + ', ahead' * look
                    more.setdefault(name, []).extend(rematch(
                        metrics[0], video, replay_live(
                            self.model, video, policy, pace,
                            StepWatches.on(self.device), look)))
            for shown in between:
                if shown == 'forecast' and not self.model.forecasts:
                    continue
                for frames in ahead:
                    more.setdefault(f'{shown} +{frames}', []).extend(rematch(
                        metrics[0], video, replay_ahead(
                            self.model, video, shown, frames,
                            StepWatches.on(self.device))))
        classes = len(self.dataset.metainfo['classes'])
        self.aps = {name: VideoAP(found, classes)
                    for name, found in more.items()}
        for setting, metric in zip(settings, metrics):
            self.aps[setting['name']] = VideoAP(
                [each['matches'] for each in metric.results], classes)
        return [self._row(*each, backbone) for each in zip(
            settings, metrics, watches)]

    def policy_of(self, setting: dict) -> ReadPolicy:
        """The model's own policy with the changes of a setting."""
        return self.model.new_policy(**{
            key: value for key, value in setting.items()
            if key not in OF_SWEEP})

    def _row(self, setting: dict, metric: Any, watches: StepWatches,
             backbone: Stopwatch) -> Dict[str, Any]:
        values = {key.split('/')[-1]: value
                  for key, value in metric.evaluate().items()}
        ratio = values['forecast_ratio']
        policy = self.policy_of(setting)
        row = dict(
            dict(setting, cumulative=policy.cumulative,
                 max_forecasts=policy.max_forecasts),
            model=self.name, ratio=ratio,
            t_backbone=backbone.median, t_step=watches.read.median,
            t_between=watches.between.median,
            fps=fps_model(backbone.median, watches.read.median, ratio,
                          watches.between.median if ratio else None),
            **{key: values[key] for key in VALUES if key in values})
        for key, name in (('sAP', 'live'), ('sAP_ahead', 'live, ahead')):
            name = f'{setting["name"]}, {name}'
            if name in self.aps:
                ap = self.aps[name]
                row[key] = ap.mean_ap(np.ones(ap.num_videos))
        return row


def rematch(metric: Any, video: KeptVideo,
            shown: Sequence[Optional[DetDataSample]]) -> List[FrameMatches]:
    """What is shown of the frames of a video, against what they hold.

    Args:
        metric (ImageNetVIDMetric): Has just processed the same video.
        video (KeptVideo): The video.
        shown (Sequence[DetDataSample or None]): For each of its frames.

    Returns:
        list[FrameMatches]: Of its frames.
    """
    truths = [each['matches'] for each in metric.results[-len(video.maps):]]
    out = []
    for truth, sample in zip(truths, shown):
        found = NOTHING
        if sample is not None:
            each = sample.pred_instances
            found = (as_numpy(each.bboxes), as_numpy(each.labels),
                     as_numpy(each.scores))
        out.append(match_again(
            truth, *found, iou_thr=metric.iou_thr,
            small_object_tolerance=metric.small_object_tolerance,
            plus_one=metric.plus_one))
    return out
