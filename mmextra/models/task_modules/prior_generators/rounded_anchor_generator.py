"""Anchors rounded to whole pixels, for weights trained with them."""
from typing import List

from mmdet.models.task_modules import AnchorGenerator
from mmdet.registry import TASK_UTILS
from torch import Tensor


@TASK_UTILS.register_module()
class RoundedAnchorGenerator(AnchorGenerator):
    """Anchor generator with base anchors rounded as torchvision rounds them.

    The released weights of COVID-CT-Mask-Net were trained on a version of
    torchvision that rounds the coordinates of base anchors (halves to the
    even number); of the 30 anchors that leaves some without height. Only
    for such weights: everything else here has the anchors as they are.

    Not in the paper: it does not speak of anchors.

    Args:
        **kwargs: See :class:`mmdet.models.task_modules.AnchorGenerator`.
    """

    def gen_base_anchors(self) -> List[Tensor]:
        """The parent's base anchors, rounded; (30, 4) per level for the
        paper's sizes and ratios."""
        return [anchors.round() for anchors in super().gen_base_anchors()]
