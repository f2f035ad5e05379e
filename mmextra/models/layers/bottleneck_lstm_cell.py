"""Bottleneck LSTM of the recurrent SSDLite (Liu and Zhu, CVPR 2018)."""
from typing import Callable, Optional, Tuple

import torch
from mmcv.cnn import build_activation_layer
from mmdet.registry import MODELS
from mmdet.utils import ConfigType, OptMultiConfig
from mmengine.model import BaseModule
from torch import Tensor, nn

LSTMState = Tuple[Tensor, Tensor]


def lstm_update(gates: Tensor,
                cell: Tensor,
                act: Callable[[Tensor], Tensor],
                forget_bias: float = 1.0,
                clip_state: Optional[float] = None) -> LSTMState:
    """One step of an LSTM from its gates, in float32.

    Args:
        gates (Tensor): (N, 4 H, h, w) input, forget and output gate and
            candidate, in this order, before their activations.
        cell (Tensor): (N, H, h, w) cell state before the step.
        act (Callable): Activation of candidate and output, in place of the
            usual tanh.
        forget_bias (float): Added to the forget gate.
        clip_state (float, optional): The cell state is kept within plus and
            minus it.

    Returns:
        tuple[Tensor, Tensor]: Hidden and cell state, (N, H, h, w) float32.
    """
    i, f, o, g = gates.float().chunk(4, dim=1)
    cell = torch.sigmoid(f + forget_bias) * cell.float() + \
        torch.sigmoid(i) * act(g)
    if clip_state is not None:
        cell = cell.clamp(-clip_state, clip_state)
    return torch.sigmoid(o) * act(cell), cell


@MODELS.register_module()
class BottleneckLSTMCell(BaseModule):
    """Convolutional LSTM whose gates share one narrow input.

    Separable convolutions bring input and hidden state, concatenated, to
    ``hidden_channels``; all four gates are computed from that bottleneck.

    The state is a value that the caller keeps: ``(h, c)``, both
    (N, hidden_channels, h, w) float32 also under autocast.

    Not in the paper: ReLU6 in place of ReLU, the bias of the forget gate
    and the depthwise convolution that the gates share follow the public
    code of the cell's authors; the projection to ``out_channels`` (linear,
    1 x 1), by which a narrow state can describe a wide map, and
    ``residual`` are ours.

    Args:
        in_channels (int): Channels of the input.
        hidden_channels (int): Channels of bottleneck and states.
        out_channels (int, optional): Channels of the output. The output is
            the hidden state itself if this is None or ``hidden_channels``.
        act_cfg (dict): Activation of the bottleneck and of the state.
        forget_bias (float): See :func:`lstm_update`.
        clip_state (float, optional): See :func:`lstm_update`.
        residual (bool): Add the input to the output. The projection starts
            at zero then, so that the cell starts as the identity.
        init_cfg (dict or list[dict], optional): Initialisation; by default
            uniform by the fan-in. (Xavier's fan-out takes a depthwise
            convolution for a dense one: of 1280 channels it would leave a
            thousandth of the signal, and a state that learns nothing.)

    Raises:
        ValueError: If ``residual`` would add maps of different width.
    """

    def __init__(self,
                 in_channels: int,
                 hidden_channels: int,
                 out_channels: Optional[int] = None,
                 act_cfg: ConfigType = dict(type='ReLU6'),
                 forget_bias: float = 1.0,
                 clip_state: Optional[float] = None,
                 residual: bool = False,
                 init_cfg: OptMultiConfig = None) -> None:
        projects = out_channels not in (None, hidden_channels)
        if init_cfg is None:
            init_cfg = dict(type='Caffe2Xavier', layer='Conv2d', bias=0)
            if projects and residual:
                init_cfg['override'] = dict(
                    type='Constant', name='proj', val=0, bias=0)
        super().__init__(init_cfg=init_cfg)
        self.in_channels = in_channels
        self.hidden_channels = hidden_channels
        self.out_channels = out_channels or hidden_channels
        self.forget_bias = forget_bias
        self.clip_state = clip_state
        self.residual = residual
        if residual and self.out_channels != in_channels:
            raise ValueError(
                f'residual=True adds the input of {in_channels} channels to '
                f'an output of {self.out_channels}; set out_channels='
                f'{in_channels} or residual=False')
        wide = in_channels + hidden_channels
        self.b_dw = nn.Conv2d(
            wide, wide, 3, padding=1, groups=wide, bias=False)
        self.b_pw = nn.Conv2d(wide, hidden_channels, 1)
        self.g_dw = nn.Conv2d(
            hidden_channels,
            hidden_channels,
            3,
            padding=1,
            groups=hidden_channels,
            bias=False)
        self.g_pw = nn.Conv2d(hidden_channels, 4 * hidden_channels, 1)
        self.act = build_activation_layer(act_cfg)
        self.proj = nn.Conv2d(
            hidden_channels, self.out_channels, 1) if projects else None
        if self.proj is not None and residual:
            for parameter in self.proj.parameters():
                nn.init.zeros_(parameter)

    def bottleneck(self, x: Tensor, hidden: Tensor) -> Tensor:
        """The narrow map that all gates are computed from.

        Args:
            x (Tensor): (N, in_channels, h, w).
            hidden (Tensor): (N, hidden_channels, h, w).

        Returns:
            Tensor: (N, hidden_channels, h, w).
        """
        return self.act(
            self.b_pw(self.b_dw(torch.cat([x, hidden.to(x.dtype)], 1))))

    def forward(self,
                x: Tensor,
                state: Optional[LSTMState] = None,
                skip: Optional[Tensor] = None) -> Tuple[Tensor, LSTMState]:
        """One time step.

        Args:
            x (Tensor): (N, in_channels, h, w).
            state (tuple[Tensor, Tensor], optional): ``(h, c)`` of the step
                before; zero without it.
            skip (Tensor, optional): What ``residual`` adds in place of
                ``x``.

        Returns:
            tuple: Output (N, out_channels, h, w), and the new ``(h, c)``.

        Raises:
            ValueError: If the state belongs to maps of another size.
        """
        if state is None:
            zero = x.new_zeros(
                (len(x), self.hidden_channels, *x.shape[-2:]),
                dtype=torch.float32)
            state = (zero, zero)
        hidden, cell = state
        if hidden.shape[-2:] != x.shape[-2:] or len(hidden) != len(x):
            raise ValueError(
                f'the state is of {len(hidden)} maps of '
                f'{tuple(hidden.shape[-2:])}, the input of {len(x)} of '
                f'{tuple(x.shape[-2:])}; start a new video with state=None')
        gates = self.g_pw(self.g_dw(self.bottleneck(x, hidden)))
        hidden, cell = lstm_update(gates, cell, self.act, self.forget_bias,
                                   self.clip_state)
        out = hidden.to(x.dtype)
        if self.proj is not None:
            out = self.proj(out)
        if self.residual:
            out = out + (x if skip is None else skip)
        return out, (hidden, cell)
