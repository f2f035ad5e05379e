"""Tell at the start of a training whether the anchors fit the boxes."""
from typing import List, Optional

import torch
from mmdet.registry import HOOKS
from mmdet.structures.bbox import get_box_tensor
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor

from mmextra.models.task_modules.prior_generators import anchor_fit


@HOOKS.register_module()
class AnchorCheckHook(Hook):
    """Log which share of the boxes a YOLOv5 head's anchors can match.

    The boxes are those that the first iterations train with, in pixels of
    the network's input and behind every augmentation; ignored ones do not
    count. A box is matched when both of its sides differ from an anchor's by
    less than the assigner's ``ratio_thr``. YOLOv5 looks for other anchors
    below a share of 0.98; this hook warns then, and names the command.

    Args:
        num_boxes (int): Boxes to look at.
        good (float): Share from which on nothing need be done.

    Raises:
        ValueError: If the model's head has no such anchors, or ``num_boxes``
            is not positive.
    """

    priority = 'LOW'

    def __init__(self, num_boxes: int = 1000, good: float = 0.98) -> None:
        if num_boxes < 1:
            raise ValueError(f'num_boxes must be positive, got {num_boxes}')
        self.num_boxes = num_boxes
        self.good = good
        self._sides: Optional[List[Tensor]] = None

    def before_train(self, runner: Runner) -> None:
        """Find the head; a resumed run is not checked again."""
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        head = getattr(model, 'bbox_head', None)
        threshold = getattr(
            getattr(head, 'assigner', None), 'ratio_thr', None)
        if threshold is None or not hasattr(head, 'anchors'):
            raise ValueError(
                'AnchorCheckHook checks the anchors of a YOLOv5Head, not '
                f'those of {type(head).__name__}; leave it out of '
                'custom_hooks')
        self._anchors = head.anchors.detach().reshape(-1, 2).cpu()
        self._threshold = threshold
        self._sides = [] if runner.iter == 0 else None

    def before_train_iter(self,
                          runner: Runner,
                          batch_idx: int,
                          data_batch: Optional[dict] = None) -> None:
        """Collect boxes until there are enough."""
        if self._sides is None:
            return
        for sample in data_batch['data_samples']:
            boxes = get_box_tensor(sample.gt_instances.bboxes).cpu()
            self._sides.append(boxes[:, 2:] - boxes[:, :2])
        if sum(map(len, self._sides)) >= self.num_boxes:
            self._report(runner)

    def after_train(self, runner: Runner) -> None:
        """Report on the boxes of a training that had fewer."""
        if self._sides and sum(map(len, self._sides)):
            self._report(runner)

    def _report(self, runner: Runner) -> None:
        sides = torch.cat(self._sides)
        self._sides = None
        recall, per_box = anchor_fit(sides, self._anchors.to(sides),
                                     self._threshold)
        text = (f'anchors can match {100 * recall:.2f} % of the first '
                f'{len(sides)} boxes, {per_box:.2f} anchors per box')
        if recall >= self.good:
            runner.logger.info(text)
        else:
            runner.logger.warning(
                f'{text}. Boxes without an anchor are never learnt. See '
                'tools/analysis_tools/kmeans_anchors.py CONFIG --groups 1 '
                f'--clusters {len(self._anchors)} for other anchors')
