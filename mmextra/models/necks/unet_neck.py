"""UNet-like neck of LARSD (Sec. II-A, Fig. 3)."""
from typing import Any, Literal, Optional, Sequence, Tuple, cast

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmdet.utils import ConfigType, OptMultiConfig
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmextra.utils import register_in_both
from mmextra.utils.checks import check_choice

# Below it, over the batch, making the kernel costs more than it saves.
MIN_DEEP_PIXELS = 512
FuseOrder = Literal['3x3-1x1', '1x1-3x3']
FUSE_ORDERS = {'3x3-1x1': (3, 1), '1x1-3x3': (1, 3)}

# torch before 2.3 has it there.
_is_compiling = getattr(
    torch.compiler, 'is_compiling', None) or torch._utils.is_compiling


class UpConcatConv(ConvModule):
    """Convolution of an upsampled map beside a finer one.

    Equals ``ConvModule(cat([nearest-upsampled deep, skip]))`` and has its
    parameters, but where the sides of the maps are in the proportion 1:2 the
    deep half of the work is done before upsampling: a 3x3 convolution of
    pixels that stand twice in each direction is a transposed convolution
    with stride 2, whose 4x4 kernel has 4 instead of 9 multiplications for
    each output; one of 1x1 can simply go first.

    Args:
        deep_channels (int): Channels of the deeper map.
        skip_channels (int): Channels of the finer map.
        out_channels (int): Channels of the output.
        kernel_size (int): 1 or 3.
        **kwargs: See :class:`mmcv.cnn.ConvModule`.
    """

    def __init__(self, deep_channels: int, skip_channels: int,
                 out_channels: int, kernel_size: int,
                 **kwargs: Any) -> None:
        super().__init__(deep_channels + skip_channels, out_channels,
                         kernel_size, padding=kernel_size // 2, **kwargs)
        self.deep_channels = deep_channels
        self._kernel: Optional[Tuple[tuple, Tensor]] = None

    def train(self, mode: bool = True) -> 'UpConcatConv':
        """As the host's; what was derived from the weights is forgotten, for
        a change through ``.data``, as averages of weights are swapped in,
        leaves no other trace."""
        self._kernel = None
        return super().train(mode)

    def _keeps_no_kernel(self) -> bool:
        return (self.training or torch.is_grad_enabled()
                or torch.jit.is_tracing() or _is_compiling())

    def _deep_kernel(self, weight: Tensor) -> Tensor:
        """:func:`twice_each_way` of the deep half of the weight, kept while
        no gradient asks for it and the weight stays as it is."""
        if self._keeps_no_kernel():
            return twice_each_way(weight)
        state = (weight.data_ptr(), weight.device, weight.dtype,
                 weight._version)
        if self._kernel is None or self._kernel[0] != state:
            self._kernel = state, twice_each_way(weight)
        return self._kernel[1]

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        """Merge two maps.

        Args:
            deep (Tensor): Shape (B, deep_channels, H, W).
            skip (Tensor): Shape (B, skip_channels, H', W').

        Returns:
            Tensor: Shape (B, out_channels, H', W').
        """
        size = skip.shape[-2:]
        small = (deep.numel() // deep.shape[1] < MIN_DEEP_PIXELS
                 and self._keeps_no_kernel())
        if small or size != (2 * deep.shape[-2], 2 * deep.shape[-1]):
            deep = F.interpolate(deep, size=size, mode='nearest')
            return super().forward(torch.cat([deep, skip], dim=1))
        deep_weight, skip_weight = self.conv.weight.split(
            [self.deep_channels, self.conv.in_channels - self.deep_channels],
            dim=1)
        padding = self.conv.padding
        if self.conv.kernel_size == (1, 1):
            deep = F.interpolate(
                F.conv2d(deep, settled(deep_weight)), size=size,
                mode='nearest')
        else:
            deep = F.conv_transpose2d(
                deep, settled(self._deep_kernel(deep_weight)), stride=2,
                padding=padding)
        merged = deep + F.conv2d(
            skip, settled(skip_weight), self.conv.bias, padding=padding)
        if self.with_norm:
            merged = self.norm(merged)
        return self.activate(merged) if self.with_activation else merged


def settled(weight: Tensor) -> Tensor:
    """A weight; in a trace its value, for a graph's kernels are constants."""
    if not torch.jit.is_tracing():
        return weight
    return torch.from_numpy(weight.detach().cpu().numpy().copy())


def twice_each_way(weight: Tensor) -> Tensor:
    """Kernel of the transposed convolution that stands for upsampling twice
    (nearest) and a 3x3 convolution.

    Args:
        weight (Tensor): Kernel of the convolution, (out, in, 3, 3).

    Returns:
        Tensor: Shape (in, out, 4, 4), for stride 2 and padding 1.
    """
    # Every deep pixel is two by two fine ones, each of which adds the
    # mirrored kernel around itself.
    kernel = F.pad(weight.flip(-2, -1).transpose(0, 1), (1, 1, 1, 1))
    rows = kernel[..., 1:, :] + kernel[..., :-1, :]
    return rows[..., 1:] + rows[..., :-1]


@register_in_both('MODELS')
class UNetNeck(BaseModule):
    """Merge deep features into shallow ones by upsampling and concatenation.

    From the deepest map on: upsample (nearest) to the size of the next
    shallower backbone map, concatenate both, fuse them by a 3x3 and a 1x1
    convolution. A plain 1x1 convolution then brings every requested level
    to ``out_channels``. With n inputs there are n - 1 fusions; levels are
    named 2 to n, as the paper's P2 to P4 for C2 to C5.

    Not in the paper: the channel numbers. The defaults take half of the
    backbone's width at the same stride, as UNet does.

    Args:
        in_channels (Sequence[int]): Channels of the backbone's maps, from
            the shallowest (C2) to the deepest.
        mid_channels (Sequence[int]): Channels of the fused maps, for levels
            2 to n.
        out_channels (int): Channels of every output.
        out_levels (Sequence[int]): Which levels to return. Fusions and
            convolutions that none of them needs are not built, so every
            parameter has a gradient.
        fuse_order (str): '3x3-1x1' as in the paper, or '1x1-3x3' which
            reduces the channels first (as EAST does) and needs a third of
            the multiplications.
        norm_cfg (dict): Normalisation of the fusing convolutions.
        act_cfg (dict): Activation of the fusing convolutions.
        init_cfg (dict or list[dict], optional): Initialisation.

    Raises:
        ValueError: If the numbers of channels do not fit together, a level
            does not exist or ``fuse_order`` is unknown.
    """

    def __init__(self,
                 in_channels: Sequence[int] = (256, 512, 1024, 2048),
                 mid_channels: Sequence[int] = (128, 256, 512),
                 out_channels: int = 128,
                 out_levels: Sequence[int] = (2, 3, 4),
                 fuse_order: FuseOrder = '3x3-1x1',
                 norm_cfg: ConfigType = dict(type='BN'),
                 act_cfg: ConfigType = dict(type='ReLU'),
                 init_cfg: OptMultiConfig = dict(
                     type='Kaiming', layer='Conv2d')
                 ) -> None:
        super().__init__(init_cfg=init_cfg)
        top = len(in_channels)
        if top < 2 or len(mid_channels) != top - 1:
            raise ValueError(
                'UNetNeck needs at least two in_channels and one '
                'mid_channels less, got '
                f'{list(in_channels)} and {list(mid_channels)}')
        if not out_levels or not set(out_levels) <= set(range(2, top + 1)):
            raise ValueError(
                f'out_levels must be some of 2..{top} for {top} inputs, got '
                f'{list(out_levels)}')
        check_choice('fuse_order', fuse_order, FuseOrder)
        self.in_channels = tuple(in_channels)
        self.out_levels = tuple(sorted(out_levels))

        first_kernel, second_kernel = FUSE_ORDERS[fuse_order]
        layer = dict(bias=False, norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.fuse_convs = nn.ModuleDict()
        self.out_convs = nn.ModuleDict()
        deep = in_channels[-1]
        for level in range(top, self.out_levels[0] - 1, -1):
            mid = mid_channels[level - 2]
            self.fuse_convs[str(level)] = nn.ModuleList([
                UpConcatConv(deep, in_channels[level - 2], mid, first_kernel,
                             **layer),
                ConvModule(mid, mid, second_kernel,
                           padding=second_kernel // 2, **layer)
            ])
            if level in self.out_levels:
                self.out_convs[str(level)] = nn.Conv2d(mid, out_channels, 1)
            deep = mid

    def forward(self, inputs: Sequence[Tensor]) -> Tuple[Tensor, ...]:
        """Fuse the backbone's maps.

        Args:
            inputs (Sequence[Tensor]): Maps of shape (B, C_i, H_i, W_i), the
                shallowest first. Sizes need not be exact halves.

        Returns:
            tuple[Tensor]: One map of shape (B, out_channels, H_i, W_i) for
            each of ``out_levels``, the shallowest first.

        Raises:
            ValueError: If the number of inputs is wrong.
        """
        if len(inputs) != len(self.in_channels):
            raise ValueError(f'UNetNeck was built for '
                             f'{len(self.in_channels)} inputs, got '
                             f'{len(inputs)}')
        outs = []
        fused = inputs[-1]
        for level, convs in self.fuse_convs.items():
            merge, refine = cast(nn.ModuleList, convs)
            fused = refine(merge(fused, inputs[int(level) - 2]))
            if level in self.out_convs:
                outs.append(self.out_convs[level](fused))
        return tuple(outs[::-1])
