"""Runs of forecasts in training: what they see and what they cost."""
from dataclasses import dataclass
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
)

from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.structures import TrackDataSample
from torch import Tensor, nn

from ..necks.temporal_module import StepOut, TemporalModule
from .clip_maps import ClipMaps, Feats, join_maps


class Fed(NamedTuple):
    """A step of a run that no read interrupts, of all clips at once.

    Attributes:
        read: Maps of the frame that the run began with.
        given: Maps forecast for the frame of this step.
        step: What the temporal module makes of them.
    """
    read: Feats
    given: Feats
    step: StepOut


def forecast_runs(temporal: TemporalModule, clips: ClipMaps,
                  steps: Sequence[StepOut], count: int
                  ) -> Iterator[List[Fed]]:
    """Feed forecasts back, in runs that begin at every frame of the clips.

    Args:
        temporal (TemporalModule): Makes the forecasts.
        clips (ClipMaps): Maps of N clips.
        steps (Sequence[StepOut]): The frames that were read, all but the
            last of each clip.
        count (int): Longest run.

    Yields:
        list[Fed]: The r-th steps of all runs, r from 1 on; the t-th of them
        is about frame t + r of the clips. Runs end with their clip.
    """
    last = len(steps)
    begun = [(clips.frame(t), step) for t, step in enumerate(steps)]
    for length in range(1, count + 1):
        begun = begun[:last + 1 - length]
        if not begun:
            return
        fed = [Fed(read, step.ahead, temporal.step(step.ahead, step.state))
               for read, step in begun]
        yield fed
        begun = [(each.read, each.step) for each in fed]


@dataclass(frozen=True)
class RolloutSettings:
    """How runs of forecasts are trained (``rollout_cfg`` of the detector).

    Not in the paper, whose forecasts are trained by their error alone, one
    frame ahead.

    Attributes:
        steps: Longest run; 0 for none.
        head_weight: Of the head's losses on what it sees in a run.
        forecast_weight: Of the error of forecasts of forecasts.

    Raises:
        ValueError: If a value is out of its range.
    """
    steps: int = 0
    head_weight: float = 1.0
    forecast_weight: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.steps, int) or self.steps < 0:
            raise ValueError('steps of rollout_cfg must be an integer from '
                             f'0 on, got {self.steps!r}')
        for name in ('head_weight', 'forecast_weight'):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not value >= 0:
                raise ValueError(f'{name} of rollout_cfg must be a number '
                                 f'from 0 on, got {value!r}')


@dataclass
class RolloutLoss:
    """Losses of runs of forecasts.

    Attributes:
        head: Dense head of the detector.
        head_maps: From maps to what the head takes.
        temporal: Makes the forecasts.
        forecast: Loss of one map, from forecast, target and current map.
        settings: What is trained.
    """
    head: BaseDenseHead
    head_maps: Callable[[Feats], Feats]
    temporal: TemporalModule
    forecast: Optional[nn.Module]
    settings: RolloutSettings

    def loss(self, clips: ClipMaps, data_samples: List[TrackDataSample],
             steps: Sequence[StepOut]) -> Dict[str, Any]:
        """Losses of a batch of clips.

        Args:
            clips (ClipMaps): Maps of the clips.
            data_samples (list[TrackDataSample]): Annotations of all frames.
            steps (Sequence[StepOut]): One for each frame but the last.

        Returns:
            dict[str, Tensor or list[Tensor]]: Those of the head, and
            ``loss_forecast``, with ``_run<r>`` behind their names.
        """
        losses: Dict[str, Any] = {}
        given = self.settings
        for length, fed in enumerate(forecast_runs(
                self.temporal, clips, steps, given.steps), 1):
            if given.head_weight:
                losses.update(self._head(fed, data_samples, length))
            following = fed[:clips.num_frames - 1 - length]
            if following and self.forecast is not None and \
                    given.forecast_weight and length < given.steps:
                losses[f'loss_forecast_run{length + 1}'] = \
                    given.forecast_weight * self._forecast(
                        following, clips, length)
        return losses

    def _head(self, fed: Sequence[Fed], data_samples: List[TrackDataSample],
              length: int) -> Dict[str, Any]:
        seen = join_maps([
            self.temporal.combine(each.given, each.step.converted)
            for each in fed])
        found = self.head.loss(self.head_maps(seen), [
            clip[t + length] for t in range(len(fed))
            for clip in data_samples])
        return {f'{name}_run{length}': _times(value,
                                              self.settings.head_weight)
                for name, value in found.items()}

    def _forecast(self, fed: Sequence[Fed], clips: ClipMaps,
                  length: int) -> Tensor:
        criterion: Any = self.forecast
        ahead = join_maps([each.step.ahead for each in fed])
        now, then = (join_maps([
            clips.frame(t + length + later) for t in range(len(fed))])
            for later in (0, 1))
        total: Any = sum(criterion(ahead[i], then[i], now[i])
                         for i in self.temporal.levels)
        return total / len(self.temporal.levels)


def _times(value: Any, factor: float) -> Any:
    """A loss, or a list of losses, by a factor."""
    if isinstance(value, (list, tuple)):
        return [factor * each for each in value]
    return factor * value
