"""Losses of clips: detection, forecast and decision (Eq. 1)."""
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence

import torch
import torch.nn.functional as F
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.structures import TrackDataSample
from torch import Tensor, nn

from ..necks.temporal_module import StepOut, TemporalModule
from .clip_decision import ClipDecision
from .clip_maps import ClipMaps, Feats, in_clip_order
from .clip_rollout import RolloutLoss, RolloutSettings


@dataclass
class ClipLoss:
    """Losses of clips from their maps on.

    1. Run the temporal module along the clips, from a zero state, with the
       real maps of every frame.
    2. One call of the head on all frames: its normaliser, the number of
       matched boxes (M of Eq. 1), is that of the whole batch.
    3. Compare the forecasts with the maps of the frames after.
    4. Detect on the forecasts; whether that works is the target of the
       scheduler. With ``rollout_steps`` it is also asked in runs of
       forecasts, which begin at every frame.
    5. With ``rollout.steps`` detect and forecast in such runs, too.

    Attributes:
        head: Dense head of the detector.
        head_maps: From maps to what the head takes.
        temporal: The temporal module, if there is one.
        forecast: Forecast loss, if that is trained.
        decision: Decision loss, if there is a scheduler.
        rollout: How runs of forecasts are trained.
    """
    head: BaseDenseHead
    head_maps: Callable[[Feats], Feats]
    temporal: Optional[TemporalModule] = None
    forecast: Optional[nn.Module] = None
    decision: Optional[ClipDecision] = None
    rollout: RolloutSettings = RolloutSettings()

    def loss(self, clips: ClipMaps,
             data_samples: List[TrackDataSample]) -> Dict[str, Tensor]:
        """All losses of a batch of clips.

        Args:
            clips (ClipMaps): Maps of the clips.
            data_samples (list[TrackDataSample]): Annotations of all frames.

        Returns:
            dict[str, Tensor]: See :meth:`FeatureForecastDetector.loss`.

        Raises:
            ValueError: If clips are too short.
        """
        temporal = self.temporal
        forecasts = temporal is not None and temporal.forecasts
        count = clips.num_frames - int(forecasts)
        if count < 1:
            raise ValueError(
                'a forecast is trained on clips of at least 2 frames, got '
                f'{clips.num_frames}; raise num_frames of '
                'ThinningClipSample')
        det_feats = feats = clips.frames(0, count)
        steps: List[StepOut] = []
        if temporal is not None:
            state = temporal.init_state()
            for t in range(count):
                steps.append(temporal.step(clips.frame(t), state))
                state = steps[-1].state
            converted = in_clip_order([step.converted for step in steps])
            det_feats = temporal.combine(feats, converted)

        losses = dict(self.head.loss(
            self.head_maps(det_feats),
            [clip[t] for clip in data_samples for t in range(count)]))
        if temporal is None or not forecasts:
            return losses
        if self.forecast is not None:
            losses.update(forecast_losses(
                self.forecast, temporal.levels, feats,
                in_clip_order([step.ahead for step in steps]),
                clips.frames(1, count + 1)))
        if self.rollout.steps:
            losses.update(RolloutLoss(
                self.head, self.head_maps, temporal, self.forecast,
                self.rollout).loss(clips, data_samples, steps))
        if self.decision is not None:
            losses.update(self.decision.loss(clips, data_samples, steps))
        return losses


def forecast_losses(criterion: nn.Module, levels: Sequence[int],
                    feats: Feats, forecast: Feats,
                    target: Feats) -> Dict[str, Tensor]:
    """Forecast loss, and its error relative to repeating the last map.

    Args:
        criterion (nn.Module): Loss of one map, from forecast, target and
            current map.
        levels (Sequence[int]): Which maps are forecast.
        feats (tuple[Tensor]): (N, C_i, h_i, w_i) maps of frames.
        forecast (tuple[Tensor]): Those forecast for the frames after.
        target (tuple[Tensor]): Those of the frames after.

    Returns:
        dict[str, Tensor]: ``loss_forecast``, the mean over the levels, and
        ``forecast_vs_copy``.
    """

    def error(maps: Feats) -> Any:
        return sum(F.mse_loss(maps[i].float(), target[i].float())
                   for i in levels)

    total: Any = sum(criterion(forecast[i], target[i], feats[i])
                     for i in levels)
    with torch.no_grad():
        # Clips that stand still have nothing to forecast.
        ratio = error(forecast) / error(feats).clamp(min=1e-12)
    return dict(loss_forecast=total / len(levels), forecast_vs_copy=ratio)
