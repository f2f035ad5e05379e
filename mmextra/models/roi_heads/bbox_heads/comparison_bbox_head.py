"""What heads that compare RoIs with supports have in common."""
from typing import Optional

from mmdet.models.roi_heads.bbox_heads import BBoxHead


class ComparisonBBoxHead(BBoxHead):
    """Base of heads that tell the class of a support from the rest.

    Args:
        in_channels (int): Channels of the RoI features.
        num_classes (int): 1.
        init_cfg (dict, optional): As in mmdet's ``BBoxHead``; by default
            normal with 0.01, of ``fc_reg`` with 0.001.
        kwargs: See mmdet's ``BBoxHead``.

    Raises:
        ValueError: If ``num_classes`` is another.
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
        super().__init__(
            with_avg_pool=True,
            in_channels=in_channels,
            num_classes=1,
            reg_class_agnostic=True,
            init_cfg=init_cfg,
            **kwargs)
