"""The encoder of the feature forecast (Section 3.1)."""
from typing import Any, Optional, Tuple

from mmdet.registry import MODELS
from mmdet.utils import OptMultiConfig
from mmengine.model import BaseModule
from torch import Tensor

from .bottleneck_lstm_cell import BottleneckLSTMCell, LSTMState
from .spatial_attention import SpatialAttention


@MODELS.register_module()
class ForecastEncoder(BaseModule):
    """Spatial attention, then a bottleneck LSTM back to the input's width.

    Not in the paper: ``residual``. It adds the input before attention to
    the output, whose projection starts at zero, so that an untrained
    encoder repeats its input.

    Args:
        in_channels (int): Channels of the map, in and out.
        hidden_channels (int): Channels of the state.
        residual (bool): Whether to predict the change of the map only.
        kernel_size (int): See :class:`SpatialAttention`.
        init_cfg (dict or list[dict], optional): Initialisation.
        **cell: Further arguments of :class:`BottleneckLSTMCell`.
    """

    def __init__(self,
                 in_channels: int,
                 hidden_channels: int,
                 residual: bool = False,
                 kernel_size: int = 7,
                 init_cfg: OptMultiConfig = None,
                 **cell: Any) -> None:
        super().__init__(init_cfg=init_cfg)
        self.attention = SpatialAttention(kernel_size)
        self.cell = BottleneckLSTMCell(
            in_channels,
            hidden_channels,
            out_channels=in_channels,
            residual=residual,
            **cell)

    def forward(self,
                x: Tensor,
                state: Optional[LSTMState] = None
                ) -> Tuple[Tensor, LSTMState]:
        """One time step.

        Args:
            x (Tensor): (N, in_channels, h, w).
            state (tuple[Tensor, Tensor], optional): State of the step
                before; zero without it.

        Returns:
            tuple: Output (N, in_channels, h, w), and the new state.
        """
        return self.cell(self.attention(x), state, skip=x)
