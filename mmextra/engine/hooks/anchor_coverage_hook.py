"""Tell at the start of a training whether the anchors fit its boxes."""
from typing import List, Optional, Sequence

import torch
from mmdet.registry import HOOKS
from mmdet.structures.bbox import get_box_tensor
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn


@HOOKS.register_module()
class AnchorCoverageHook(Hook):
    """Warn if the anchors of LARSD do not fit the boxes it is trained on.

    It looks at the boxes of the first batches as the model gets them, after
    the augmentation, and lays each on the anchors of every level. A box that
    no anchor covers has a single poor anchor as positive, and a level whose
    anchors cover none learns nothing but background.

    A model without such anchors is left alone.

    Not in the paper.

    Args:
        num_boxes (int): Look at so many boxes at least.
        min_covered (float): Warn if a smaller part of them is covered by
            any anchor, by an IoU of the shapes above that of the assigner.
        min_level (float): Warn if a level covers a smaller part.
    """

    def __init__(self,
                 num_boxes: int = 200,
                 min_covered: float = 0.8,
                 min_level: float = 0.02) -> None:
        self.num_boxes = num_boxes
        self.min_covered = min_covered
        self.min_level = min_level
        self.seen: Optional[List[Tensor]] = None

    def before_train(self, runner: Runner) -> None:
        """Begin to look, if the model has anchors.

        Args:
            runner (:obj:`Runner`): With the model.
        """
        self.seen = [] if shape_anchors(runner.model) else None

    def before_train_iter(self, runner: Runner, batch_idx: int,
                          data_batch: Optional[dict] = None) -> None:
        """Look at the boxes of a batch.

        Args:
            runner (:obj:`Runner`): With the model and the config.
            batch_idx (int): Not used.
            data_batch (dict, optional): With ``data_samples``.
        """
        if self.seen is None or not data_batch:
            return
        # mmrotate's, which a model with such anchors needs.
        from mmextra.models.task_modules.coders import norm_angle_45
        self.seen += [
            norm_angle_45(get_box_tensor(
                sample.gt_instances.bboxes).float().cpu())[:, 2:4]
            for sample in data_batch['data_samples']
        ]
        if sum(map(len, self.seen)) >= self.num_boxes:
            shapes, self.seen = torch.cat(self.seen), None
            self._tell(runner, shapes)

    @master_only
    def _tell(self, runner: Runner, shapes: Tensor) -> None:
        """Log what part of (w, h), shape (N, 2), the anchors cover."""
        from mmextra.models.task_modules.assigners.prior_layout import (
            shape_iou,
        )
        head = shape_anchors(runner.model)
        best = torch.stack([shape_iou(level.to(shapes), shapes).amax(0)
                            for level in head.prior_generator.shapes])
        covered = best > head.assigner.pos_iou_thr
        whole = covered.any(0).float().mean().item()
        levels = covered.float().mean(1).tolist()
        text = (f'anchors: {100 * whole:.1f} % of the first {len(shapes)} '
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


def shape_anchors(model: nn.Module) -> Optional[nn.Module]:
    """The head whose anchors are (w, h) shapes that are matched.

    Args:
        model (nn.Module): A detector, wrapped or not.

    Returns:
        nn.Module or None: The head; None if there is no such.
    """
    if is_model_wrapper(model):
        model = model.module
    head = getattr(model, 'bbox_head', None)
    has_shapes = hasattr(getattr(head, 'prior_generator', None), 'shapes')
    matched = getattr(getattr(head, 'assigner', None), 'match_shape', False)
    return head if has_shapes and matched else None


def _listed(head: nn.Module, parts: Sequence[float]) -> str:
    strides = [stride[0] for stride in head.prior_generator.strides]
    return ', '.join(f'{100 * part:.1f} % on stride {stride}'
                     for stride, part in zip(strides, parts))
