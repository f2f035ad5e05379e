"""Tell at the start of a training whether the anchors fit its boxes."""
from typing import Optional, Sequence

import torch
from mmdet.registry import HOOKS
from mmdet.structures.bbox import get_box_tensor
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from torch import Tensor, nn

from .first_boxes_hook import FirstBoxesHook


@HOOKS.register_module()
class AnchorCoverageHook(FirstBoxesHook):
    """Warn if the anchors of LARSD do not fit the boxes it is trained on.

    Each box is laid on the anchors of every level. A box that no anchor
    covers has a single poor anchor as positive, and a level whose anchors
    cover none learns nothing but background.

    A model without such anchors is left alone.

    Not in the paper.

    Args:
        num_boxes (int): See :class:`FirstBoxesHook`.
        min_covered (float): Warn if a smaller part of them is covered by
            any anchor, by an IoU of the shapes above that of the assigner.
        min_level (float): Warn if a level covers a smaller part.

    Raises:
        ValueError: If ``num_boxes`` is not positive.
    """

    def __init__(self,
                 num_boxes: int = 200,
                 min_covered: float = 0.8,
                 min_level: float = 0.02) -> None:
        super().__init__(num_boxes)
        self.min_covered = min_covered
        self.min_level = min_level

    def find_head(self, model: nn.Module) -> Optional[nn.Module]:
        """See :class:`FirstBoxesHook`."""
        head = getattr(model, 'bbox_head', None)
        has_shapes = hasattr(getattr(head, 'prior_generator', None), 'shapes')
        matched = getattr(getattr(head, 'assigner', None), 'match_shape',
                          False)
        return head if has_shapes and matched else None

    def sides(self, instances: InstanceData) -> Tensor:
        """See :class:`FirstBoxesHook`."""
        # mmrotate's, which a model with such anchors needs.
        from mmextra.models.task_modules.coders import norm_angle_45
        return norm_angle_45(get_box_tensor(instances.bboxes).float())[:, 2:4]

    def report(self, runner: Runner, head: nn.Module, sides: Tensor) -> None:
        """See :class:`FirstBoxesHook`."""
        from mmextra.models.task_modules.assigners.prior_layout import (
            shape_iou,
        )
        best = torch.stack([shape_iou(level.to(sides), sides).amax(0)
                            for level in head.prior_generator.shapes])
        covered = best > head.assigner.pos_iou_thr
        whole = covered.any(0).float().mean().item()
        levels = covered.float().mean(1).tolist()
        text = (f'anchors: {100 * whole:.1f} % of the first {len(sides)} '
                f'boxes are covered; {_listed(head, levels)}')
        if whole >= self.min_covered and min(levels) >= self.min_level:
            runner.logger.info(text)
            return
        config = runner.cfg.get('filename') or 'CONFIG'
        runner.logger.warning(
            f'{text}. They do not fit this data set. Find others by\n  '
            f'python tools/analysis_tools/kmeans_anchors.py {config} '
            '--symmetric\nand put what it prints into the config '
            '(--symmetric if the training rotates).')


def _listed(head: nn.Module, parts: Sequence[float]) -> str:
    strides = [stride[0] for stride in head.prior_generator.strides]
    return ', '.join(f'{100 * part:.1f} % on stride {stride}'
                     for stride, part in zip(strides, parts))
