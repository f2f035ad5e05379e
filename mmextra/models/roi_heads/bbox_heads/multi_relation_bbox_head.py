"""The multi-relation head of the Attention RPN detector, a baseline."""
from typing import Tuple

import torch
from mmdet.registry import MODELS
from torch import Tensor, nn

from .attentive_bbox_head import (
    global_matching_vector,
    local_matching_vector,
    without_autocast,
)
from .comparison_bbox_head import ComparisonBBoxHead
from .roi_tower import RoITower


@MODELS.register_module()
class MultiRelationBBoxHead(ComparisonBBoxHead):
    """Global, local and patch relation of RoIs and supports.

    Fan et al., "Few-Shot Object Detection with Attention-RPN and
    Multi-Relation Detector", CVPR 2020: the sum of three scores, boxes from
    the patch relation. A reimplementation from the description, the baseline
    that GCN-FSOD is compared with in Table 1.

    Args:
        in_channels (int): Channels of the RoI features.
        kwargs: See :class:`ComparisonBBoxHead`.
    """

    def __init__(self, in_channels: int = 2048, **kwargs) -> None:
        # fc_cls is the patch relation's.
        super().__init__(in_channels, **kwargs)
        self.global_embed = nn.Sequential(
            nn.Linear(2 * in_channels, in_channels), nn.ReLU(inplace=True),
            nn.Linear(in_channels, in_channels), nn.ReLU(inplace=True))
        self.global_cls = nn.Linear(in_channels, 2)
        self.local_conv = nn.Conv2d(in_channels, in_channels, 1, bias=False)
        self.local_cls = nn.Linear(in_channels, 2)
        self.patch_tower = RoITower(2 * in_channels,
                                    max(in_channels // 4, 1), in_channels)

    def forward(self, query: Tensor,
                support: Tensor) -> Tuple[Tensor, Tensor]:
        """Compare RoIs with supports.

        Args:
            query (Tensor): (N, C, 7, 7) features of RoIs.
            support (Tensor): (N or 1, C, 7, 7) those of the supports.

        Returns:
            tuple[Tensor, Tensor]: (N, 2) logits of foreground and
            background, (N, 4) deltas.
        """
        whole = self.global_cls(
            self.global_embed(global_matching_vector(query, support)))
        local = without_autocast(
            self.local_cls,
            local_matching_vector(
                self.local_conv(query), self.local_conv(support)).relu())
        patch = self.patch_tower(
            torch.cat([query, support.expand_as(query)], 1))
        return whole + local + self.fc_cls(patch), self.fc_reg(patch)
