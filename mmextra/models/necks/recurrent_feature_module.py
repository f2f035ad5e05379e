"""The recurrent SSDLite of Liu and Zhu (CVPR 2018): Table 2, Baseline."""
from typing import Any, Optional, Sequence, Union

from mmdet.registry import MODELS
from mmdet.utils import OptMultiConfig
from mmengine.model import ModuleList
from torch import Tensor

from ..layers.bottleneck_lstm_cell import BottleneckLSTMCell
from .temporal_module import StepOut, TemporalModule


@MODELS.register_module()
class RecurrentFeatureModule(TemporalModule):
    """One bottleneck LSTM, whose output the detector sees. No forecast.

    Not in the paper: the output is projected back to ``in_channels``, so
    that weights of backbone, neck and head fit every other config. Liu and
    Zhu give the narrow map itself to the detector.

    Args:
        in_channels (int or Sequence[int]): Channels of the maps, one number
            for each of ``levels``.
        hidden_channels (int or Sequence[int]): Channels of the states.
        levels (Sequence[int]): Which maps pass the LSTM.
        residual (bool): See :class:`BottleneckLSTMCell`.
        init_cfg (dict or list[dict], optional): Initialisation.
        **cell: Further arguments of :class:`BottleneckLSTMCell`.
    """

    def __init__(self,
                 in_channels: Union[int, Sequence[int]],
                 hidden_channels: Union[int, Sequence[int]] = 256,
                 levels: Sequence[int] = (0, ),
                 residual: bool = False,
                 init_cfg: OptMultiConfig = None,
                 **cell: Any) -> None:
        super().__init__(levels=levels, combine='converted',
                         init_cfg=init_cfg)
        self.cells = ModuleList([
            BottleneckLSTMCell(
                wide, narrow, out_channels=wide, residual=residual, **cell)
            for wide, narrow in zip(
                self._per_level('in_channels', in_channels),
                self._per_level('hidden_channels', hidden_channels))
        ])

    def step(self, feats: Sequence[Tensor],
             state: Optional[Any] = None) -> StepOut:
        """See :class:`TemporalModule`. The state is ``(h, c)`` for each
        level."""
        maps = self._select(feats)
        state = [None] * len(maps) if state is None else state
        outs = [cell(feat, before)
                for feat, cell, before in zip(maps, self.cells, state)]
        return StepOut(None,
                       self._replace(feats, [converted for converted, _ in
                                             outs]),
                       [after for _, after in outs])
