"""Backbone of YOLOv5s and of LCB-YOLOv5s (Sec. 2.2, Fig. 2)."""
import math
from typing import Literal, Optional, Sequence, Tuple

from mmcv.cnn import ConvModule
from mmdet.models.backbones.csp_darknet import Focus
from mmdet.models.layers import CSPLayer
from mmdet.registry import MODELS
from mmdet.utils import ConfigType, OptMultiConfig
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmextra.utils.checks import check_choice

from ..layers.yolo_blocks import (
    BN,
    LSM,
    SILU,
    SPPFBottleneck,
    SPPSBottleneck,
)

# Of the largest model: stem and stages 1 to 4.
CHANNELS = (64, 128, 256, 512, 1024)
Arch = Literal['v6', 'v5']
Downsample = Literal['conv', 'lsm']
SPP = Literal['sppf', 'spps']
DEPTHS = dict(v6=(3, 6, 9, 3), v5=(3, 9, 9, 3))
SPPS = dict(sppf=SPPFBottleneck, spps=SPPSBottleneck)
# What torch itself starts a convolution from.
TORCH_INIT = dict(
    type='Kaiming',
    layer='Conv2d',
    a=math.sqrt(5),
    distribution='uniform',
    mode='fan_in',
    nonlinearity='leaky_relu')


@MODELS.register_module()
class LCBDarknet(BaseModule):
    """CSP backbone of YOLOv5 whose stages can be the paper's LCB modules.

    A stem and four stages, each of stride 2; a stage is a downsampling and a
    C3. Stage and stem numbers, and thus ``out_indices``, are those of
    mmdet's ``CSPDarknet``: 0 is the stem, i has stride ``2 ** (i + 1)``.
    Stages behind the last of ``out_indices`` are not built; the pyramid
    pooling belongs to the last one that is.

    Args:
        arch (str): 'v6' (stem 6x6, pooling behind the last C3) or 'v5'
            (Focus, deeper second stage, pooling before the last C3, which
            has no shortcuts; the graph of ``CSPDarknet``).
        deepen_factor (float): Factor of the numbers of Res units.
        widen_factor (float): Factor of the numbers of channels.
        downsample (str): 'conv', a 3x3 convolution, or 'lsm', which makes
            every stage an LCB; the stem stays a convolution.
        spp (str): 'sppf' (windows 5, 9, 13) or 'spps' (3, 5, 7).
        out_indices (Sequence[int]): Stages to return, rising.
        frozen_stages (int): Last stage that does not train; 0 is the stem,
            -1 none.
        norm_eval (bool): Keep the statistics of the normalisations.
        lsm_cfg (dict, optional): Further arguments of :class:`LSM`, without
            which it has ReLU.
        norm_cfg (dict): Normalisation.
        act_cfg (dict): Activation outside of the LSMs.
        init_cfg (dict or list[dict], optional): Initialisation.

    Raises:
        ValueError: If an argument is not one of its choices.
    """

    def __init__(self,
                 arch: Arch = 'v6',
                 deepen_factor: float = 1.0,
                 *,
                 widen_factor: float = 1.0,
                 downsample: Downsample = 'conv',
                 spp: SPP = 'sppf',
                 out_indices: Sequence[int] = (2, 3, 4),
                 frozen_stages: int = -1,
                 norm_eval: bool = False,
                 lsm_cfg: Optional[dict] = None,
                 norm_cfg: ConfigType = BN,
                 act_cfg: ConfigType = SILU,
                 init_cfg: OptMultiConfig = TORCH_INIT) -> None:
        super().__init__(init_cfg=init_cfg)
        check_choice('arch', arch, Arch)
        check_choice('downsample', downsample, Downsample)
        check_choice('spp', spp, SPP)
        out_indices = tuple(out_indices)
        if (not out_indices or list(out_indices) != sorted(set(out_indices))
                or not 0 <= out_indices[0] <= out_indices[-1] <= 4):
            raise ValueError(
                'out_indices must be rising numbers of 0 (stem) to 4, got '
                f'{out_indices}')
        if frozen_stages not in range(-1, out_indices[-1] + 1):
            raise ValueError(
                'frozen_stages must be -1 (none) to '
                f'{out_indices[-1]}, the last stage, got {frozen_stages}')
        self.out_indices = out_indices
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        layer = dict(norm_cfg=norm_cfg, act_cfg=act_cfg)
        channels = [int(c * widen_factor) for c in CHANNELS]
        if arch == 'v6':
            self.stem = ConvModule(
                3, channels[0], 6, stride=2, padding=2, **layer)
        else:
            self.stem = Focus(3, channels[0], kernel_size=3, **layer)
        self.stages = nn.ModuleList()
        for i in range(1, out_indices[-1] + 1):
            if downsample == 'lsm':
                down = LSM(channels[i - 1], channels[i],
                           **{'norm_cfg': norm_cfg, **(lsm_cfg or {})})
            else:
                down = ConvModule(channels[i - 1], channels[i], 3, stride=2,
                                  padding=1, **layer)
            last = i == out_indices[-1]
            csp = CSPLayer(
                channels[i],
                channels[i],
                num_blocks=max(round(DEPTHS[arch][i - 1] * deepen_factor), 1),
                add_identity=arch == 'v6' or not last,
                **layer)
            stage = [down, csp]
            if last:
                pooling = SPPS[spp](channels[i], channels[i], **layer)
                stage.insert(2 if arch == 'v6' else 1, pooling)
            self.stages.append(nn.Sequential(*stage))
        self._freeze_stages()

    def _freeze_stages(self) -> None:
        for part in [self.stem, *self.stages][:self.frozen_stages + 1]:
            part.eval()
            part.requires_grad_(False)

    def train(self, mode: bool = True) -> 'LCBDarknet':
        """Set the mode; frozen stages stay in evaluation mode."""
        super().train(mode)
        self._freeze_stages()
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def forward(self, x: Tensor) -> Tuple[Tensor, ...]:
        """Feature maps of an image.

        Args:
            x (Tensor): Images, shape (B, 3, H, W).

        Returns:
            tuple[Tensor]: A map of shape (B, C_i, H / 2^(i+1), W / 2^(i+1))
            for each i of ``out_indices``.
        """
        outs = []
        for i, part in enumerate([self.stem, *self.stages]):
            x = part(x)
            if i in self.out_indices:
                outs.append(x)
        return tuple(outs)
