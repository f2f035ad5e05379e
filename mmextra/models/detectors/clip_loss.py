"""Losses of clips: detection, forecast and decision (Eq. 1)."""
import copy
from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    List,
    NamedTuple,
    Sequence,
    Tuple,
)

import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.structures import InstanceData
from torch import Tensor, nn

from ..losses.decision_loss import IGNORE, decision_loss
from ..necks.temporal_module import StepOut

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
        self.maps = [feat.unflatten(0, (num_clips, num_frames))
                     for feat in feats]

    def frame(self, t: int) -> Feats:
        """(N, C_i, h_i, w_i) maps of the t-th frames."""
        return tuple(each[:, t] for each in self.maps)

    def frames(self, begin: int, end: int) -> Feats:
        """(N (end - begin), C_i, h_i, w_i) maps, clip by clip."""
        return tuple(each[:, begin:end].flatten(0, 1) for each in self.maps)


def in_clip_order(steps: Sequence[Feats]) -> Feats:
    """Maps of time steps, (N, ...) each, as one batch, clip by clip."""
    return tuple(torch.stack(level, 1).flatten(0, 1)
                 for level in zip(*steps))


def clip_losses(model: 'FeatureForecastDetector', clips: ClipMaps,
                data_samples: List[TrackDataSample]) -> Dict[str, Tensor]:
    """All losses, see :meth:`FeatureForecastDetector.loss`.

    1. Run the temporal module along the clips, from a zero state, with the
       real maps of every frame.
    2. One call of the head on all frames: its normaliser, the number of
       matched boxes (M of Eq. 1), is that of the whole batch.
    3. Compare the forecasts with the maps of the frames after.
    4. Detect on the forecasts; whether that works is the target of the
       scheduler. With ``decision_cfg.rollout_steps`` it is also asked in runs
       of forecasts, which begin at every frame.

    Args:
        model (FeatureForecastDetector): The model.
        clips (ClipMaps): Maps of the clips.
        data_samples (list[TrackDataSample]): Annotations of all frames.

    Returns:
        dict[str, Tensor]: The losses.

    Raises:
        ValueError: If clips are too short.
    """
    count = clips.num_frames - int(model.forecasts)
    if count < 1:
        raise ValueError(
            'a forecast is trained on clips of at least 2 frames, got '
            f'{clips.num_frames}; raise num_frames of ThinningClipSample')
    feats = clips.frames(0, count)
    det_feats = feats
    if model.temporal is not None:
        state, steps = model.temporal.init_state(), []
        for t in range(count):
            steps.append(model.temporal.step(clips.frame(t), state))
            state = steps[-1].state
        converted = in_clip_order([step.converted for step in steps])
        det_feats = model.temporal.combine(feats, converted)

    losses = dict(
        model.detector.bbox_head.loss(
            model.head_maps(det_feats), _samples(data_samples, 0, count)))
    if not model.forecasts:
        return losses
    forecast = in_clip_order([step.forecast for step in steps])
    if model.loss_forecast is not None:
        losses.update(
            _forecast_losses(model, feats, forecast,
                             clips.frames(1, count + 1)))
    if model.scheduler is not None:
        losses.update(
            _decision_losses(model, clips, data_samples, steps))
    return losses


def _samples(data_samples: Sequence[TrackDataSample], begin: int,
             end: int) -> List[DetDataSample]:
    return [clip[t] for clip in data_samples for t in range(begin, end)]


def _forecast_losses(model: 'FeatureForecastDetector', feats: Feats,
                     forecast: Feats, target: Feats) -> Dict[str, Tensor]:
    levels = model.temporal.levels
    losses = [model.loss_forecast(forecast[i], target[i]) for i in levels]
    with torch.no_grad():
        error, copied = (
            sum(F.mse_loss(maps[i].float(), target[i].float())
                for i in levels) for maps in (forecast, feats))
    return dict(
        loss_forecast=sum(losses) / len(losses),
        # Clips that stand still have nothing to forecast.
        forecast_vs_copy=error / copied.clamp(min=1e-12))


class Judged(NamedTuple):
    """What the scheduler is asked, and what its target depends on.

    Attributes:
        inputs: Current, converted, forecast and last read maps of the steps,
            see :meth:`FeatureForecastDetector.schedule`.
        samples: The frames after.
    """
    inputs: Tuple[Feats, Feats, Feats, Feats]
    samples: List[DetDataSample]


def _decision_losses(model: 'FeatureForecastDetector', clips: ClipMaps,
                     data_samples: List[TrackDataSample],
                     steps: List[StepOut]) -> Dict[str, Tensor]:
    if not model.decision_active:
        # Distributed training wants every parameter in every iteration.
        idle = sum(p.sum() for p in model.scheduler.parameters())
        return dict(loss_decision=0. * idle)
    count = len(steps)
    feats = clips.frames(0, count)
    runs = [Judged(
        (feats, in_clip_order([step.converted for step in steps]),
         in_clip_order([step.forecast for step in steps]), feats),
        _samples(data_samples, 1, count + 1))]
    runs += forecast_runs(model, clips, data_samples, steps)
    inputs = join_maps([run.inputs for run in runs])
    samples = [sample for run in runs for sample in run.samples]
    readings = None
    if model.decision_cfg.get('relative', False):
        # Once for each frame, however many runs reach it.
        found = sure_detections(
            model, clips.frames(1, count + 1), runs[0].samples,
            model.decision_cfg['score_thr'])
        of = {id(sample): each
              for sample, each in zip(runs[0].samples, found)}
        readings = [of[id(sample)] for sample in samples]
    logits = model.schedule(*inputs)
    targets = model.judge_forecasts(inputs[2], samples, readings)
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
def forecast_runs(model: 'FeatureForecastDetector', clips: ClipMaps,
                  data_samples: List[TrackDataSample],
                  steps: Sequence[StepOut]) -> List[Judged]:
    """Feed the forecasts back, as in a run that no frame interrupts.

    Not in the paper. Only the scheduler learns from it: neither forecasts
    nor detections of a run are trained.

    Args:
        model (FeatureForecastDetector): The model.
        clips (ClipMaps): Maps of N clips.
        data_samples (list[TrackDataSample]): Annotations of all frames.
        steps (Sequence[StepOut]): One for each frame but the last.

    Returns:
        list[Judged]: For each of ``decision_cfg.rollout_steps`` the steps
        of all clips that are not over yet, frame after frame.
    """
    runs, last = [], len(steps)
    begun = [(clips.frame(t), step) for t, step in enumerate(steps)]
    for ahead in range(2, 2 + model.decision_cfg.get('rollout_steps', 0)):
        # The first frame of each run is ``ahead`` frames before its target.
        begun = begun[:last + 1 - ahead]
        if not begun:
            break
        begun = [(read, step.forecast,
                  model.temporal.step(step.forecast, step.state))
                 for read, step in begun]
        runs.append(Judged(
            tuple(join_maps(maps) for maps in (
                [given for _, given, _ in begun],
                [step.converted for _, _, step in begun],
                [step.forecast for _, _, step in begun],
                [read for read, _, _ in begun])),
            [clip[t] for t in range(ahead, last + 1)
             for clip in data_samples]))
        begun = [(read, step) for read, _, step in begun]
    return runs


def join_maps(parts: Sequence[Any]) -> Any:
    """Tuples of maps, or tuples of these, joined along the samples."""
    if isinstance(parts[0], Tensor):
        return torch.cat(list(parts))
    return tuple(join_maps(each) for each in zip(*parts))


def find_boxes(head: nn.Module, maps: Feats,
               samples: Sequence[DetDataSample], **kwargs
               ) -> List[InstanceData]:
    """What a dense head finds, in single precision from its outputs on.

    NMS on a CPU knows no half precision, in which autocast leaves them.

    Args:
        head (nn.Module): The head.
        maps (tuple[Tensor]): Its input.
        samples (Sequence[DetDataSample]): The frames.
        **kwargs: Of ``predict_by_feat``.

    Returns:
        list[InstanceData]: Detections of each frame.
    """
    return head.predict_by_feat(
        *in_float(head(maps)),
        batch_img_metas=[sample.metainfo for sample in samples], **kwargs)


def in_float(outputs: Any) -> Any:
    """Tensors in lists and tuples of any depth as float32."""
    if isinstance(outputs, (list, tuple)):
        return type(outputs)(in_float(each) for each in outputs)
    return outputs.float() if isinstance(outputs, Tensor) else outputs


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
        return find_boxes(head, model.head_maps(maps), samples, cfg=cfg,
                          rescale=False)
    finally:
        for module, training in modes.items():
            module.training = training
