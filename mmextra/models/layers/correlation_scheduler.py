"""The scheduler network of the feature forecast (Section 3.2, Fig. 3)."""
from typing import List, Optional, Sequence

import torch
from mmcv.cnn import build_norm_layer
from mmdet.registry import MODELS
from mmdet.utils import OptConfigType, OptMultiConfig
from mmengine.model import BaseModule
from torch import Tensor, nn

from .adaptive_mean import AdaptiveMean
from .correlation import correlation


@MODELS.register_module()
class CorrelationScheduler(BaseModule):
    """Tell from two maps whether the forecast serves for the next frame.

    Correlation of the converted map of this frame with the forecast of the
    next, two convolutions and a fully connected layer, as Fig. 3 draws it.

    Not in the paper: the range of the correlation, the channels, the
    pooling to a fixed size that lets images of any size in, ``norm_cfg`` and
    ``sees_change``.

    Args:
        max_displacement (int): Range of the correlation in positions.
        conv_channels (Sequence[int]): Channels of the two convolutions; the
            second halves the map.
        pool_size (int): Side of the map before the fully connected layer.
        level (int): Which of several maps to look at.
        normalize (bool): See :func:`correlation`.
        norm_cfg (dict, optional): Normalisation of the correlations and
            after each convolution. Correlations of maps after a ReLU are
            all positive; without it one large step of the optimizer closes
            all ReLUs for good.
        sees_change (bool): Also give the fully connected layer how much
            should have changed since the last read, see :meth:`forward`.
        init_cfg (dict or list[dict], optional): Initialisation.

    Raises:
        ValueError: If there are not two ``conv_channels``.
    """

    def __init__(self,
                 max_displacement: int = 4,
                 conv_channels: Sequence[int] = (64, 32),
                 pool_size: int = 5,
                 level: int = 0,
                 normalize: bool = False,
                 norm_cfg: OptConfigType = None,
                 sees_change: bool = False,
                 init_cfg: OptMultiConfig = dict(
                     type='Xavier',
                     layer=['Conv2d', 'Linear'],
                     distribution='uniform',
                     bias=0)) -> None:
        super().__init__(init_cfg=init_cfg)
        if len(conv_channels) != 2:
            raise ValueError('conv_channels must be those of two '
                             f'convolutions, got {list(conv_channels)}')
        self.max_displacement = max_displacement
        self.level = level
        self.normalize = normalize
        self.sees_change = sees_change
        first, second = conv_channels

        def norm(channels: int) -> List[nn.Module]:
            return [build_norm_layer(norm_cfg, channels)[1]] \
                if norm_cfg else []

        displacements = (2 * max_displacement + 1)**2
        self.convs = nn.Sequential(
            *norm(displacements),
            nn.Conv2d(displacements, first, 3, padding=1), *norm(first),
            nn.ReLU(),
            nn.Conv2d(first, second, 3, stride=2, padding=1), *norm(second),
            nn.ReLU(), AdaptiveMean(pool_size))
        self.fc = nn.Linear(second * pool_size**2 + int(sees_change), 2)

    def forward(self, converted: Tensor, forecast: Tensor,
                change: Optional[Tensor] = None) -> Tensor:
        """Judge the forecast.

        Args:
            converted (Tensor): (N, C, h, w) temporally aware map of this
                frame.
            forecast (Tensor): (N, C, h, w) forecast for the next frame.
            change (Tensor, optional): (N,) the change of the read map per
                frame, times the age of the last read at the next frame, see
                :meth:`ReadPolicy.expected_change`; -1 where it is unknown.

        Returns:
            Tensor: (N, 2) logits; index 1 says that the forecast serves.

        Raises:
            ValueError: If it ``sees_change`` and there is none.
        """
        x = correlation(converted, forecast, self.max_displacement,
                        self.normalize)
        x = self.convs(x).flatten(1)
        if not self.sees_change:
            return self.fc(x)
        if change is None:
            raise ValueError('a scheduler with sees_change=True needs the '
                             'change since the last read')
        return self.fc(torch.cat((x, change.to(x)[:, None]), 1))
