"""The encoder module of the feature forecast (Section 3.1, Fig. 2)."""
from typing import Any, Optional, Sequence, Union

import torch
from mmdet.registry import MODELS
from mmdet.utils import OptMultiConfig
from mmengine.model import ModuleList
from torch import Tensor

from ..layers.forecast_encoder import ForecastEncoder
from .temporal_module import Combination, Feats, StepOut, TemporalModule


@MODELS.register_module()
class FeatureForecastModule(TemporalModule):
    """Forecast the next map, and convert it into one of this frame.

    The first encoder turns the map of this frame into the forecast of the
    next; the second turns the forecast back into a temporally aware map of
    this frame. In inference the detector sees the mean of the map and the
    converted one. In training with ``combine='mean'`` it sees one of map,
    converted map and mean, drawn for every frame of every sample, so that it
    can also detect on a bare map (Section 3.4).

    Not in the paper: the width of the state, the projection back to
    ``in_channels``, ``residual``, several levels, and the probabilities.

    Args:
        in_channels (int or Sequence[int]): Channels of the maps, one number
            for each of ``levels``.
        hidden_channels (int or Sequence[int]): Channels of the states.
        levels (Sequence[int]): Which maps are forecast.
        combine (str): What the detector sees: ``'mean'``, ``'converted'``
            (Table 2, without combination) or ``'current'``.
        train_mix_probs (Sequence[float]): Probabilities of map, converted
            map and mean.
        residual (bool): The encoders predict changes and start as the
            identity, so that an injected module changes no detection.
        init_cfg (dict or list[dict], optional): Initialisation.
        **encoder: Further arguments of :class:`ForecastEncoder`.

    Raises:
        ValueError: If numbers do not fit the levels or the probabilities
            are none.
    """

    forecasts = True

    def __init__(self,
                 in_channels: Union[int, Sequence[int]],
                 hidden_channels: Union[int, Sequence[int]] = 256,
                 levels: Sequence[int] = (0, ),
                 combine: Combination = 'mean',
                 train_mix_probs: Sequence[float] = (1 / 3, 1 / 3, 1 / 3),
                 residual: bool = False,
                 init_cfg: OptMultiConfig = None,
                 **encoder: Any) -> None:
        super().__init__(levels=levels, combine=combine, init_cfg=init_cfg)
        probs = torch.tensor(list(train_mix_probs), dtype=torch.float64)
        if len(probs) != 3 or (probs < 0).any() or \
                not abs(float(probs.sum()) - 1) < 1e-6:
            raise ValueError(
                'train_mix_probs must be three probabilities that add up to '
                f'1 (current, converted, mean), got {list(train_mix_probs)}')
        self.train_mix_probs = tuple(probs.tolist())
        widths = list(zip(self._per_level('in_channels', in_channels),
                          self._per_level('hidden_channels',
                                          hidden_channels)))
        self.enc1, self.enc2 = (
            ModuleList([
                ForecastEncoder(wide, narrow, residual=residual, **encoder)
                for wide, narrow in widths
            ]) for _ in range(2))

    def step(self, feats: Sequence[Tensor],
             state: Optional[Any] = None) -> StepOut:
        """See :class:`TemporalModule`. The state is, for each level, the
        pair of the encoders' ``(h, c)``."""
        maps = self._select(feats)
        state = [(None, None)] * len(maps) if state is None else state
        forecast, converted, new_state = [], [], []
        for feat, enc1, enc2, (first, second) in zip(
                maps, self.enc1, self.enc2, state):
            ahead, first = enc1(feat, first)
            back, second = enc2(ahead, second)
            forecast.append(ahead)
            converted.append(back)
            new_state.append((first, second))
        return StepOut(
            self._replace(feats, forecast), self._replace(feats, converted),
            new_state)

    def combine(self,
                feats: Sequence[Tensor],
                converted: Sequence[Tensor],
                choice: Union[None, Combination, Tensor] = None) -> Feats:
        """See :class:`TemporalModule`; drawn at random in training."""
        if choice is None and self.training and self.combine_mode == 'mean':
            probs = feats[0].new_tensor(
                self.train_mix_probs, dtype=torch.float32)
            choice = torch.multinomial(
                probs, len(feats[0]), replacement=True)
        return super().combine(feats, converted, choice)
