"""The multi-relation head of the Attention RPN detector, a baseline."""
from typing import Optional, Tuple

import torch
from mmdet.models.roi_heads.bbox_heads import BBoxHead
from mmdet.registry import MODELS
from torch import Tensor, nn

from .attentive_bbox_head import (
    global_matching_vector,
    local_matching_vector,
)
from .roi_tower import RoITower


@MODELS.register_module()
class MultiRelationBBoxHead(BBoxHead):
    """Global, local and patch relation of RoIs and supports.

    Fan et al., "Few-Shot Object Detection with Attention-RPN and
    Multi-Relation Detector", CVPR 2020: the sum of three scores, boxes from
    the patch relation. A reimplementation from the description, the baseline
    that GCN-FSOD is compared with in Table 1.

    Args:
        in_channels (int): Channels of the RoI features.
        kwargs: See mmdet's ``BBoxHead``.
    """

    def __init__(self,
                 in_channels: int = 2048,
                 num_classes: int = 1,
                 init_cfg: Optional[dict] = None,
                 **kwargs) -> None:
        if num_classes != 1:
            raise ValueError('the head tells one class from the rest; '
                             f'num_classes must be 1, got {num_classes}')
        if init_cfg is None:
            init_cfg = dict(
                type='Normal', layer=['Conv2d', 'Linear'], std=0.01,
                override=dict(type='Normal', name='fc_reg', std=0.001))
        # fc_cls is the patch relation's.
        super().__init__(
            with_avg_pool=True,
            in_channels=in_channels,
            num_classes=1,
            reg_class_agnostic=True,
            init_cfg=init_cfg,
            **kwargs)
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
        local = self.local_cls(
            local_matching_vector(
                self.local_conv(query), self.local_conv(support)).relu())
        patch = self.patch_tower(
            torch.cat([query, support.expand_as(query)], 1))
        return whole + local + self.fc_cls(patch), self.fc_reg(patch)
