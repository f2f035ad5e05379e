"""What stands between backbone and head and remembers the frames before."""
from abc import ABCMeta, abstractmethod
from typing import (
    Any,
    Literal,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
    get_args,
)

import torch
from mmdet.utils import OptMultiConfig
from mmengine.model import BaseModule
from torch import Tensor

from mmextra.utils.checks import check_choice

Feats = Tuple[Tensor, ...]
# What the detector may look at; the order of the choices in training.
Combination = Literal['current', 'converted', 'mean']
COMBINATIONS = get_args(Combination)


class StepOut(NamedTuple):
    """One time step of a :class:`TemporalModule`.

    Attributes:
        forecast: Maps forecast for the next frame, or None.
        converted: Temporally aware maps of this frame.
        state: What to pass to the next step.
    """
    forecast: Optional[Feats]
    converted: Feats
    state: Any

    @property
    def ahead(self) -> Feats:
        """The forecast of a module that makes one."""
        if self.forecast is None:
            raise ValueError('the temporal module does not forecast')
        return self.forecast


def mix_maps(feat: Tensor, converted: Tensor, choice: Tensor) -> Tensor:
    """The map that the detector sees, chosen for each sample on its own.

    Every choice keeps all inputs in the graph, so that every parameter has
    a gradient whatever was drawn, as distributed training needs.

    Args:
        feat (Tensor): (N, C, h, w) map of the frame.
        converted (Tensor): (N, C, h, w) temporally aware map.
        choice (Tensor): (N,) or (N, 1, 1, 1) integers, an index into
            ``COMBINATIONS``: 0 current, 1 converted, 2 their mean.

    Returns:
        Tensor: (N, C, h, w).
    """
    choice = choice.reshape(-1, 1, 1, 1)
    return torch.where(
        choice == 0, feat,
        torch.where(choice == 1, converted, (feat + converted) / 2))


class TemporalModule(BaseModule, metaclass=ABCMeta):
    """Base of the modules that turn maps of a frame into those of a video.

    It works on a tuple of maps; those that are not in ``levels`` pass
    through, also into the forecast: at a forecast step they are those of
    the last frame read.

    The state is an explicit value, never a buffer: it belongs to a video,
    not to the model.

    Args:
        levels (Sequence[int]): Indices of the maps to work on.
        combine (str): What the detector sees, one of ``COMBINATIONS``.
        init_cfg (dict or list[dict], optional): Initialisation.

    Raises:
        ValueError: If ``combine`` is unknown or levels are repeated.
    """

    forecasts = False

    def __init__(self,
                 levels: Sequence[int] = (0, ),
                 combine: Combination = 'converted',
                 init_cfg: OptMultiConfig = None) -> None:
        super().__init__(init_cfg=init_cfg)
        check_choice('combine', combine, Combination)
        if not levels or len(set(levels)) != len(levels):
            raise ValueError(
                f'levels must be distinct indices, got {list(levels)}')
        self.levels = tuple(levels)
        self.combine_mode = combine

    def _per_level(self, name: str,
                   value: Union[int, Sequence[int]]) -> Tuple[int, ...]:
        """One number for each level."""
        values = (value, ) * len(self.levels) if isinstance(
            value, int) else tuple(value)
        if len(values) != len(self.levels):
            raise ValueError(
                f'{name} must be a number or one for each of the levels '
                f'{list(self.levels)}, got {value}')
        return values

    def _select(self, feats: Sequence[Tensor]) -> Feats:
        """The maps to work on."""
        if max(self.levels) >= len(feats):
            raise ValueError(
                f'{type(self).__name__} works on levels {self.levels}, but '
                f'there are {len(feats)} maps; check levels, out_indices of '
                'the backbone and where the detector inserts the module')
        return tuple(feats[level] for level in self.levels)

    def _replace(self, feats: Sequence[Tensor],
                 new: Sequence[Tensor]) -> Feats:
        """All maps, with the new ones in place of those worked on."""
        out = list(feats)
        for level, each in zip(self.levels, new):
            out[level] = each
        return tuple(out)

    def init_state(self) -> Any:
        """The state before the first frame of a video."""
        return None

    @abstractmethod
    def step(self, feats: Sequence[Tensor], state: Any) -> StepOut:
        """Take in the maps of one frame.

        Args:
            feats (Sequence[Tensor]): Maps (N, C_i, h_i, w_i) of the frame,
                or those forecast for it.
            state (Any): That of the step before, :meth:`init_state` at
                first.

        Returns:
            StepOut: Forecast, converted maps and the new state.
        """

    def combine(self,
                feats: Sequence[Tensor],
                converted: Sequence[Tensor],
                choice: Union[None, Combination, Tensor] = None) -> Feats:
        """What the detector sees.

        Args:
            feats (Sequence[Tensor]): Maps of the frames.
            converted (Sequence[Tensor]): Their converted maps.
            choice (str or Tensor, optional): One of ``COMBINATIONS``, or an
                index for each sample, see :func:`mix_maps`. By default the
                module's own.

        Returns:
            tuple[Tensor]: As many maps as ``feats``.

        Raises:
            ValueError: If ``choice`` is an unknown name.
        """
        choice = self.combine_mode if choice is None else choice
        if isinstance(choice, str):
            check_choice('choice', choice, Combination)
            if choice == 'current':
                return tuple(feats)
            if choice == 'converted':
                return tuple(converted)
            new = [(a + b) / 2 for a, b in zip(
                self._select(feats), self._select(converted))]
        else:
            new = [mix_maps(a, b, choice) for a, b in zip(
                self._select(feats), self._select(converted))]
        return self._replace(feats, new)
