"""Decision loss of clips: what the scheduler is asked, and the answers."""
from dataclasses import dataclass
from typing import (
    Any,
    Callable,
    Dict,
    List,
    NamedTuple,
    Sequence,
    Tuple,
    cast,
)

import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.structures import InstanceData
from torch import Tensor, nn

from ..losses.decision_loss import IGNORE, decision_loss
from ..necks.temporal_module import StepOut, TemporalModule
from .clip_maps import ClipMaps, Feats, in_clip_order, join_maps
from .clip_rollout import forecast_runs
from .forecast_judge import ForecastJudge
from .video_steps import map_change


class Judged(NamedTuple):
    """What the scheduler is asked, and what its target depends on.

    Attributes:
        inputs: Current, converted, forecast and last read maps of the steps,
            and the change that is expected, (N,).
        samples: The frames after.
    """
    inputs: Tuple[Feats, Feats, Feats, Feats, Tensor]
    samples: List[DetDataSample]


@dataclass
class ClipDecision:
    """The decision loss of clips (Eq. 3).

    Attributes:
        temporal: Makes forecasts of forecasts.
        scheduler: The network that is trained.
        schedule: Its logits (N, 2) from current, converted, forecast and
            last read maps, and the expected change.
        judge: Gives the targets.
        loss_weight: lambda of Eq. 1.
        active: Whether the scheduler is trained yet.
    """
    temporal: TemporalModule
    scheduler: nn.Module
    schedule: Callable[[Feats, Feats, Feats, Feats, Tensor], Tensor]
    judge: ForecastJudge
    loss_weight: float
    active: bool = True

    def loss(self, clips: ClipMaps, data_samples: List[TrackDataSample],
             steps: Sequence[StepOut]) -> Dict[str, Tensor]:
        """Loss and what is logged with it.

        Args:
            clips (ClipMaps): Maps of N clips.
            data_samples (list[TrackDataSample]): Annotations of all frames.
            steps (Sequence[StepOut]): One for each frame but the last.

        Returns:
            dict[str, Tensor]: ``loss_decision``; with it, once the scheduler
            is trained, ``decision_pos_rate`` and ``decision_acc``.
        """
        if not self.active:
            # Distributed training wants every parameter in every iteration.
            idle: Any = sum(p.sum() for p in self.scheduler.parameters())
            return dict(loss_decision=0. * idle)
        runs = self.questions(clips, data_samples, steps)
        inputs = join_maps([run.inputs for run in runs])
        samples = [sample for run in runs for sample in run.samples]
        readings = self._readings(clips, runs[0].samples, samples) \
            if self.judge.settings.relative else None
        logits = self.schedule(*inputs)
        targets = self.judge.targets(inputs[2], samples, readings)
        with torch.no_grad():
            counted = (targets != IGNORE)
            total = counted.sum().clamp(min=1)
            right = (logits.argmax(1) == targets) & counted
        return dict(
            loss_decision=self.loss_weight * decision_loss(logits, targets),
            decision_pos_rate=(targets == 1).sum() / total,
            decision_acc=right.sum() / total)

    def questions(self, clips: ClipMaps, data_samples: List[TrackDataSample],
                  steps: Sequence[StepOut]) -> List[Judged]:
        """All that the scheduler is asked: first every frame that was read,
        then the runs of forecasts. Arguments as in :meth:`loss`."""
        count = len(steps)
        feats = clips.frames(0, count)
        frames = Judged(
            (feats, in_clip_order([step.converted for step in steps]),
             in_clip_order([step.ahead for step in steps]), feats,
             self._changes(clips, count).flatten()),
            [clip[t] for clip in data_samples for t in range(1, count + 1)])
        return [frames, *self._forecast_runs(clips, data_samples, steps)]

    @torch.no_grad()
    def _changes(self, clips: ClipMaps, count: int) -> Tensor:
        """(N, count) change of each frame's map against the frame before;
        -1 for the first frames."""
        level = cast(int, self.scheduler.level)
        now = clips.maps[level][:, 1:count]
        before = clips.maps[level][:, :count - 1]
        known = map_change(now.flatten(0, 1), before.flatten(0, 1)).reshape(
            now.shape[:2])
        return torch.cat((known.new_full((len(known), 1), -1), known), 1)

    def _readings(self, clips: ClipMaps, frames: List[DetDataSample],
                  samples: List[DetDataSample]) -> List[InstanceData]:
        """Detections on the real maps of samples, each of ``frames`` once
        however many runs reach it."""
        found = self.judge.detections(
            clips.frames(1, clips.num_frames), frames)
        of = {id(sample): each for sample, each in zip(frames, found)}
        return [of[id(sample)] for sample in samples]

    @torch.no_grad()
    def _forecast_runs(self, clips: ClipMaps,
                       data_samples: List[TrackDataSample],
                       steps: Sequence[StepOut]) -> List[Judged]:
        """Feed the forecasts back, as in a run that no frame interrupts.

        Not in the paper. Only the scheduler learns from it: neither
        forecasts nor detections of a run are trained.

        Returns:
            list[Judged]: For each of ``rollout_steps`` the steps of all
            clips that are not over yet, frame after frame.
        """
        runs: List[Judged] = []
        last = len(steps)
        changes = self._changes(clips, last)
        for length, fed in enumerate(forecast_runs(
                self.temporal, clips, steps,
                self.judge.settings.rollout_steps), 1):
            # What a step forecasts is one frame further on.
            fed = fed[:last - length]
            if not fed:
                break
            runs.append(Judged(
                (join_maps([each.given for each in fed]),
                 join_maps([each.step.converted for each in fed]),
                 join_maps([each.step.ahead for each in fed]),
                 join_maps([each.read for each in fed]),
                 # At the frame after this one the read is so old.
                 _aged(changes[:, :len(fed)].t().flatten(), length + 1)),
                [clip[t] for t in range(length + 1, last + 1)
                 for clip in data_samples]))
        return runs


def _aged(changes: Tensor, frames: int) -> Tensor:
    """Changes per frame over so many, unknown ones left alone."""
    return torch.where(changes < 0, changes, frames * changes)
