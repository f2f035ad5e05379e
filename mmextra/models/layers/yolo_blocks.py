"""Blocks of LCB-YOLOv5s (Sec. 2.2 and 2.3) and of the YOLOv5s it changes.

The paper's figures of the blocks are drawings without numbers of channels;
the numbers are decided here, see each class.
"""
from typing import Any, Optional, Sequence

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmdet.models.layers import CSPLayer
from mmdet.registry import MODELS
from mmdet.utils import ConfigType, OptMultiConfig
from mmengine.model import BaseModule
from torch import Tensor, nn

BN = dict(type='BN', momentum=0.03, eps=0.001)
SILU = dict(type='SiLU', inplace=True)
RELU = dict(type='ReLU', inplace=True)


def halve_max(x: Tensor) -> Tensor:
    """2x2 max pooling of stride 2; an odd last row or column counts alone.

    Args:
        x (Tensor): Shape (B, C, H, W).

    Returns:
        Tensor: Shape (B, C, ceil(H / 2), ceil(W / 2)), as large as that of
        a 3x3 convolution of stride 2 and padding 1.
    """
    # A graph's pooling has not this fault.
    if (torch.jit.is_tracing() or x.is_cuda or x.requires_grad
            or x.shape[-2] % 2 or x.shape[-1] % 2):
        return F.max_pool2d(x, 2, stride=2, ceil_mode=True)
    # On a CPU torch's pooling also looks for the maxima's places, one by
    # one, and takes 9 times as long.
    rows = torch.max(x[..., ::2, :], x[..., 1::2, :])
    return torch.max(rows[..., ::2], rows[..., 1::2])


@MODELS.register_module()
class LSM(BaseModule):
    """Lightweight and stable module: downsample by 2 (Sec. 2.2, Fig. 6).

    Two branches, concatenated: convolutions 1x1, 3x3 of stride 2 and 1x1
    that reduce, extract and increase; and 2x2 max pooling with a 1x1
    convolution. With a :class:`~mmdet.models.layers.CSPLayer` behind it, it
    is the paper's LCB.

    Not in the paper: half of the output from each branch, the inner width,
    and ReLU in all of its convolutions, which the text introduces next to
    this module (CBR).

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output.
        reduction (float): Inner width of the convolutional branch, as a
            share of ``in_channels``.
        norm_cfg (dict): Normalisation.
        act_cfg (dict): Activation.
        init_cfg (dict or list[dict], optional): Initialisation.

    Raises:
        ValueError: If a branch would have no channel.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 reduction: float = 0.5,
                 norm_cfg: ConfigType = BN,
                 act_cfg: ConfigType = RELU,
                 init_cfg: OptMultiConfig = None) -> None:
        super().__init__(init_cfg=init_cfg)
        mid_channels = int(in_channels * reduction)
        conv_channels = out_channels // 2
        if min(mid_channels, conv_channels) < 1:
            raise ValueError(
                'LSM needs at least one channel in each branch, got '
                f'in_channels={in_channels}, out_channels={out_channels}, '
                f'reduction={reduction}')
        layer = dict(norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.convs = nn.Sequential(
            ConvModule(in_channels, mid_channels, 1, **layer),
            ConvModule(
                mid_channels, mid_channels, 3, stride=2, padding=1, **layer),
            ConvModule(mid_channels, conv_channels, 1, **layer))
        self.pool_conv = ConvModule(
            in_channels, out_channels - conv_channels, 1, **layer)

    def forward(self, x: Tensor) -> Tensor:
        """Downsample.

        Args:
            x (Tensor): Shape (B, in_channels, H, W).

        Returns:
            Tensor: Shape (B, out_channels, ceil(H / 2), ceil(W / 2)).
        """
        return torch.cat([self.convs(x), self.pool_conv(halve_max(x))], dim=1)


@MODELS.register_module()
class Res2Unit(BaseModule):
    """Cascaded 3x3 convolutions over groups of channels (Sec. 2.3, Fig. 9).

    A 1x1 convolution; its channels in ``scale`` groups, the first kept, each
    further one added to its predecessor's result and convolved; all of them
    joined by a 1x1 convolution.

    Not in the paper: the number of groups and the sum with the input, both
    as in Res2Net and in YOLOv5's Res unit.

    Args:
        in_channels (int): Channels of input and output.
        scale (int): Number of groups.
        add_identity (bool): Add the input to the output.
        norm_cfg (dict): Normalisation.
        act_cfg (dict): Activation.
        init_cfg (dict or list[dict], optional): Initialisation.
        out_channels (int, optional): The same as ``in_channels``, for
            configs that name both.
        zero_init_residual (bool): Start the weights of the last
            normalisation at zero, so that the unit passes its input on and
            learns what to add. Not in the paper; see
            :class:`~mmextra.models.necks.LCBPAFPN`.

    Raises:
        ValueError: If the channels cannot be divided into ``scale`` groups,
            or there are less than two, or ``out_channels`` differs from
            ``in_channels``; or ``zero_init_residual`` is asked for without
            ``add_identity`` or without a normalisation that has weights.
    """

    def __init__(self,
                 in_channels: int,
                 scale: int = 4,
                 add_identity: bool = True,
                 norm_cfg: ConfigType = BN,
                 act_cfg: ConfigType = SILU,
                 init_cfg: OptMultiConfig = None,
                 *,
                 out_channels: Optional[int] = None,
                 zero_init_residual: bool = False) -> None:
        super().__init__(init_cfg=init_cfg)
        if out_channels not in (None, in_channels):
            raise ValueError(
                'Res2Unit keeps the number of channels, got in_channels='
                f'{in_channels} and out_channels={out_channels}; make them '
                'equal, or use Dres2Layer')
        if scale < 2 or in_channels % scale:
            raise ValueError(
                f'Res2Unit divides its {in_channels} channels into scale='
                f'{scale} equal groups, at least 2; change the width or '
                'res2_scale')
        self.scale = scale
        self.add_identity = add_identity
        width = in_channels // scale
        layer = dict(norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.conv1 = ConvModule(in_channels, in_channels, 1, **layer)
        self.convs = nn.ModuleList(
            ConvModule(width, width, 3, padding=1, **layer)
            for _ in range(scale - 1))
        self.conv2 = ConvModule(in_channels, in_channels, 1, **layer)
        self.zero_init_residual = zero_init_residual
        if zero_init_residual and not add_identity:
            raise ValueError('zero_init_residual silences a Res2Unit without '
                             'a shortcut; set add_identity=True')
        self._pass_input_on()

    def _pass_input_on(self) -> None:
        if not self.zero_init_residual:
            return
        weight = getattr(getattr(self.conv2, 'norm', None), 'weight', None)
        if weight is None:
            raise ValueError('zero_init_residual needs a normalisation with '
                             'weights, see norm_cfg')
        nn.init.zeros_(weight)

    def init_weights(self) -> None:
        """As configured; the last normalisation as at construction."""
        super().init_weights()
        self._pass_input_on()

    def forward(self, x: Tensor) -> Tensor:
        """Fuse features of growing receptive fields.

        Args:
            x (Tensor): Shape (B, in_channels, H, W).

        Returns:
            Tensor: Of the same shape.
        """
        groups = self.conv1(x).chunk(self.scale, dim=1)
        outs = [groups[0], self.convs[0](groups[1])]
        for group, conv in zip(groups[2:], self.convs[1:]):
            outs.append(conv(group + outs[-1]))
        out = self.conv2(torch.cat(outs, dim=1))
        return x + out if self.add_identity else out


@MODELS.register_module()
class Dres2Layer(CSPLayer):
    """C3 with two Res2 units in place of its Res units (Sec. 2.3, Fig. 10).

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output.
        scale (int): Groups of a Res2 unit.
        add_identity (bool): Whether the Res2 units add their input.
        norm_cfg (dict): Normalisation.
        act_cfg (dict): Activation.
        init_cfg (dict or list[dict], optional): Initialisation.
        zero_init_residual (bool): See :class:`Res2Unit`.

    Raises:
        ValueError: If half of ``out_channels`` cannot be divided by
            ``scale``; see :class:`Res2Unit`.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 scale: int = 4,
                 add_identity: bool = True,
                 norm_cfg: ConfigType = BN,
                 act_cfg: ConfigType = SILU,
                 init_cfg: OptMultiConfig = None,
                 *,
                 zero_init_residual: bool = False) -> None:
        super().__init__(
            in_channels,
            out_channels,
            num_blocks=0,
            norm_cfg=norm_cfg,
            act_cfg=act_cfg,
            init_cfg=init_cfg)
        self.blocks = nn.Sequential(*[
            Res2Unit(
                out_channels // 2,
                scale,
                add_identity,
                norm_cfg,
                act_cfg,
                zero_init_residual=zero_init_residual) for _ in range(2)
        ])


def pool_cascade(x: Tensor, kernel_size: int, count: int) -> Sequence[Tensor]:
    """A map and its repeated max poolings, all of one size.

    ``count`` poolings of kernel k have the windows k, 2k - 1, 3k - 2, ...:
    3, 5, 7 for k = 3 and 5, 9, 13 for k = 5.

    Args:
        x (Tensor): Shape (B, C, H, W).
        kernel_size (int): Odd window of one pooling in pixels.
        count (int): Number of poolings.

    Returns:
        list[Tensor]: ``count + 1`` maps, the first ``x`` itself.
    """
    maps = [x]
    for _ in range(count):
        maps.append(
            F.max_pool2d(
                maps[-1], kernel_size, stride=1, padding=kernel_size // 2))
    return maps


@MODELS.register_module()
class SPPFBottleneck(BaseModule):
    """Spatial pyramid pooling of YOLOv5, by three poolings in a row.

    With ``kernel_size=5`` it equals the pyramid 5, 9, 13 of parallel
    poolings.

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output.
        kernel_size (int): Odd window of each pooling.
        norm_cfg (dict): Normalisation.
        act_cfg (dict): Activation.
        init_cfg (dict or list[dict], optional): Initialisation.

    Raises:
        ValueError: If ``kernel_size`` is even.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 kernel_size: int = 5,
                 norm_cfg: ConfigType = BN,
                 act_cfg: ConfigType = SILU,
                 init_cfg: OptMultiConfig = None) -> None:
        super().__init__(init_cfg=init_cfg)
        if kernel_size % 2 == 0:
            raise ValueError('pooling keeps the size of a map only with an '
                             f'odd kernel_size, got {kernel_size}')
        self.kernel_size = kernel_size
        mid_channels = in_channels // 2
        layer = dict(norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.conv1 = ConvModule(in_channels, mid_channels, 1, **layer)
        self.conv2 = ConvModule(4 * mid_channels, out_channels, 1, **layer)

    def forward(self, x: Tensor) -> Tensor:
        """Pool at several sizes.

        Args:
            x (Tensor): Shape (B, in_channels, H, W).

        Returns:
            Tensor: Shape (B, out_channels, H, W).
        """
        maps = pool_cascade(self.conv1(x), self.kernel_size, 3)
        return self.conv2(torch.cat(list(maps), dim=1))


@MODELS.register_module()
class SPPSBottleneck(SPPFBottleneck):
    """Spatial pyramid pooling "small" (Sec. 2.3, Fig. 11): 1, 3, 5, 7.

    The 1x1 pooling of the text is the identity. As many weights as
    :class:`SPPFBottleneck`.

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output.
        kernel_size (int): Odd window of each pooling.
        **kwargs: See :class:`SPPFBottleneck`.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int,
                 kernel_size: int = 3,
                 **kwargs: Any) -> None:
        super().__init__(in_channels, out_channels, kernel_size, **kwargs)
