"""Losses of clips: detection, forecast and decision (Eq. 1)."""
import copy
from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.structures import InstanceData
from torch import Tensor

from ..losses.decision_loss import IGNORE, decision_loss

if TYPE_CHECKING:
    from .feature_forecast_detector import FeatureForecastDetector

Feats = Tuple[Tensor, ...]


class ClipMaps:
    """Maps of N clips of T frames each.

    Args:
        feats (Sequence[Tensor]): (N T, C_i, h_i, w_i), clip by clip.
        num_clips (int): N.
        num_frames (int): T.
    """

    def __init__(self, feats: Sequence[Tensor], num_clips: int,
                 num_frames: int) -> None:
        self.num_frames = num_frames
        self.num_clips = num_clips
        self.maps = [feat.unflatten(0, (num_clips, num_frames))
                     for feat in feats]

    def frame(self, t: int) -> Feats:
        """(N, C_i, h_i, w_i) maps of the t-th frames."""
        return tuple(each[:, t] for each in self.maps)

    def frames(self, begin: int, end: int) -> Feats:
        """((end - begin) N, C_i, h_i, w_i) maps, frame after frame."""
        return tuple(each[:, begin:end].transpose(0, 1).flatten(0, 1)
                     for each in self.maps)


class Steps(NamedTuple):
    """Steps of the temporal module, frame after frame, N clips of each.

    Attributes:
        feats: What went in: maps of the frames, or forecasts of them.
        forecast: Maps forecast for the frames after, or None.
        converted: Temporally aware maps of the frames.
        state: What to pass to the next step.
    """
    feats: Feats
    forecast: Optional[Feats]
    converted: Feats
    state: Any


def clip_losses(model: 'FeatureForecastDetector', clips: ClipMaps,
                data_samples: List[TrackDataSample]) -> Dict[str, Tensor]:
    """All losses, see :meth:`FeatureForecastDetector.loss`.

    1. Run the temporal module along the clips, from a zero state, with the
       real maps of every frame.
    2. From each frame on, feed forecasts back, as often as
       ``train_cfg.rollout_steps`` says.
    3. One call of the head on all steps: its normaliser, the number of
       matched boxes (M of Eq. 1), is that of the whole batch.
    4. Compare the forecasts with the maps of the frames after.
    5. Detect on the forecasts; whether that works is the target of the
       scheduler.

    Args:
        model (FeatureForecastDetector): The model.
        clips (ClipMaps): Maps of the clips.
        data_samples (list[TrackDataSample]): Annotations of all frames.

    Returns:
        dict[str, Tensor]: The losses.

    Raises:
        ValueError: If clips are too short.
    """
    rollouts = model.train_cfg.get('rollout_steps', 0)
    count = clips.num_frames - int(model.forecasts)
    if count < 1 + rollouts:
        raise ValueError(
            f'a forecast is trained on clips of at least {2 + rollouts} '
            f'frames (with rollout_steps={rollouts}), got '
            f'{clips.num_frames}; raise num_frames of ThinningClipSample')
    runs = [_read_clips(model, clips, count)]
    for _ in range(rollouts):
        runs.append(_feed_back(model, runs[-1], clips.num_clips))
    steps = _join(runs)
    # The k-th run of forecasts begins at frame k.
    samples = [sample for k in range(len(runs))
               for sample in _samples(data_samples, k, count)]
    det_feats = steps.feats if model.temporal is None else \
        model.temporal.combine(steps.feats, steps.converted)
    losses = dict(
        model.detector.bbox_head.loss(model.head_maps(det_feats), samples))
    if not model.forecasts:
        return losses
    target = _cat([clips.frames(k + 1, count + 1) for k in range(len(runs))])
    if model.loss_forecast is not None:
        losses.update(_forecast_losses(model, steps, target, runs[0]))
    if model.scheduler is not None:
        samples = [sample for k in range(len(runs))
                   for sample in _samples(data_samples, k + 1, count + 1)]
        losses.update(_decision_losses(model, steps, target, samples))
    return losses


def _read_clips(model: 'FeatureForecastDetector', clips: ClipMaps,
                count: int) -> Steps:
    """Steps that read the first ``count`` frames."""
    feats = clips.frames(0, count)
    if model.temporal is None:
        return Steps(feats, None, feats, None)
    state, steps = model.temporal.init_state(), []
    for t in range(count):
        steps.append(model.temporal.step(clips.frame(t), state))
        state = steps[-1].state
    return Steps(
        feats,
        _cat([step.forecast for step in steps]) if model.forecasts else None,
        _cat([step.converted for step in steps]),
        _cat([step.state for step in steps]))


def _feed_back(model: 'FeatureForecastDetector', steps: Steps,
               num_clips: int) -> Steps:
    """Steps from the forecasts of all but the last frames of ``steps``."""
    feats, state = (_without_last(part, num_clips)
                    for part in (steps.forecast, steps.state))
    return Steps(feats, *model.temporal.step(feats, state))


def _without_last(part: Any, number: int) -> Any:
    """Nested tuples of maps without the last samples."""
    if isinstance(part, Tensor):
        return part[:-number]
    return type(part)(_without_last(each, number) for each in part)


def _cat(parts: Sequence[Any]) -> Any:
    """Nested tuples of maps joined along the samples."""
    if isinstance(parts[0], Tensor):
        return torch.cat(list(parts))
    return type(parts[0])(_cat(each) for each in zip(*parts))


def _join(runs: Sequence[Steps]) -> Steps:
    """All steps, without their states."""
    return runs[0] if len(runs) == 1 else Steps(
        *(_cat(part) for part in list(zip(*runs))[:3]), None)


def _samples(data_samples: Sequence[TrackDataSample], begin: int,
             end: int) -> List[DetDataSample]:
    return [clip[t] for t in range(begin, end) for clip in data_samples]


def _forecast_losses(model: 'FeatureForecastDetector', steps: Steps,
                     target: Feats, reads: Steps) -> Dict[str, Tensor]:
    levels = model.temporal.levels
    losses = [model.loss_forecast(steps.forecast[i], target[i])
              for i in levels]
    with torch.no_grad():
        error, copied = (
            sum(F.mse_loss(maps[i].float(), target[i][:len(maps[i])].float())
                for i in levels) for maps in (reads.forecast, reads.feats))
    return dict(
        loss_forecast=sum(losses) / len(losses),
        # Clips that stand still have nothing to forecast.
        forecast_vs_copy=error / copied.clamp(min=1e-12))


def _decision_losses(model: 'FeatureForecastDetector', steps: Steps,
                     target: Feats,
                     samples: List[DetDataSample]) -> Dict[str, Tensor]:
    if not model.decision_active:
        # Distributed training wants every parameter in every iteration.
        idle = sum(p.sum() for p in model.scheduler.parameters())
        return dict(loss_decision=0. * idle)
    logits = model.schedule(steps.feats, steps.converted, steps.forecast)
    targets = model.judge_forecasts(steps.forecast, samples, target)
    with torch.no_grad():
        counted = (targets != IGNORE)
        total = counted.sum().clamp(min=1)
        right = (logits.argmax(1) == targets) & counted
    return dict(
        loss_decision=model.loss_decision_weight * decision_loss(
            logits, targets),
        decision_pos_rate=(targets == 1).sum() / total,
        decision_acc=right.sum() / total)


@torch.no_grad()
def sure_detections(model: 'FeatureForecastDetector', maps: Feats,
                    samples: Sequence[DetDataSample],
                    score_thr: float) -> List[InstanceData]:
    """What the detector finds on maps, as if it were not in training.

    Args:
        model (FeatureForecastDetector): The model.
        maps (tuple[Tensor]): Maps of N frames, or forecasts of them.
        samples (Sequence[DetDataSample]): These frames.
        score_thr (float): Lowest score.

    Returns:
        list[InstanceData]: Detections of each frame.
    """
    head = model.detector.bbox_head
    # A box of a lower score never suppresses one of a higher, so the
    # threshold may come before NMS.
    cfg = copy.deepcopy(head.test_cfg)
    cfg['score_thr'] = score_thr
    modes = {module: module.training for module in model.detector.modules()}
    model.detector.eval()
    try:
        return head.predict_by_feat(
            *head(model.head_maps(maps)),
            batch_img_metas=[sample.metainfo for sample in samples],
            cfg=cfg,
            rescale=False)
    finally:
        for module, training in modes.items():
            module.training = training
