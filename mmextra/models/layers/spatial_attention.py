"""Spatial attention of CBAM (Woo et al., ECCV 2018)."""
import torch
from mmdet.registry import MODELS
from mmdet.utils import OptMultiConfig
from mmengine.model import BaseModule
from torch import Tensor, nn


def channel_statistics(x: Tensor) -> Tensor:
    """Mean and maximum over the channels.

    Args:
        x (Tensor): (N, C, h, w).

    Returns:
        Tensor: (N, 2, h, w), the mean first.
    """
    return torch.cat(
        [x.mean(1, keepdim=True), x.amax(1, keepdim=True)], dim=1)


@MODELS.register_module()
class SpatialAttention(BaseModule):
    """Weigh the places of a map by what its channels say on the whole.

    Not in the paper: no bias and no normalisation, as CBAM's equation has
    neither.

    Args:
        kernel_size (int): Side of the convolution; odd.
        init_cfg (dict or list[dict], optional): Initialisation.

    Raises:
        ValueError: If ``kernel_size`` is even, for which no padding keeps
            the size of the map.
    """

    def __init__(self,
                 kernel_size: int = 7,
                 init_cfg: OptMultiConfig = dict(
                     type='Xavier', layer='Conv2d', distribution='uniform')
                 ) -> None:
        super().__init__(init_cfg=init_cfg)
        if kernel_size % 2 == 0:
            raise ValueError(f'kernel_size must be odd, got {kernel_size}')
        self.conv = nn.Conv2d(
            2, 1, kernel_size, padding=kernel_size // 2, bias=False)

    def mask(self, x: Tensor) -> Tensor:
        """The weights of the places, (N, 1, h, w) in (0, 1)."""
        return torch.sigmoid(self.conv(channel_statistics(x)))

    def forward(self, x: Tensor) -> Tensor:
        """Weigh a map.

        Args:
            x (Tensor): (N, C, h, w).

        Returns:
            Tensor: The same shape.
        """
        return x * self.mask(x)
