"""Look at the first boxes of a training."""
from abc import ABCMeta, abstractmethod
from typing import List, Optional

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from torch import Tensor, nn


class FirstBoxesHook(Hook, metaclass=ABCMeta):
    """Collects the sides of the boxes that the first iterations train with.

    They are those behind every augmentation, in pixels of the network's
    input; ignored boxes do not count. A training that is resumed is not
    looked at again.

    Args:
        num_boxes (int): Boxes to look at.

    Raises:
        ValueError: If ``num_boxes`` is not positive.
    """

    priority = 'LOW'

    def __init__(self, num_boxes: int) -> None:
        if num_boxes < 1:
            raise ValueError(f'num_boxes must be positive, got {num_boxes}')
        self.num_boxes = num_boxes
        self._sides: Optional[List[Tensor]] = None

    @abstractmethod
    def find_head(self, model: nn.Module) -> Optional[nn.Module]:
        """The head whose anchors are looked at, None to look at none."""

    @abstractmethod
    def sides(self, instances: InstanceData) -> Tensor:
        """(width, height) of an image's boxes, shape (N, 2)."""

    @abstractmethod
    def report(self, runner: Runner, head: nn.Module, sides: Tensor) -> None:
        """Tell about all boxes, shape (N, 2), on the CPU."""

    def before_train(self, runner: Runner) -> None:
        """Find the head.

        Args:
            runner (:obj:`Runner`): With the model.
        """
        model = runner.model
        self._head = self.find_head(
            model.module if is_model_wrapper(model) else model)
        self._sides = None if self._head is None or runner.iter else []

    def before_train_iter(self,
                          runner: Runner,
                          batch_idx: int,
                          data_batch: Optional[dict] = None) -> None:
        """Collect boxes until there are enough.

        Args:
            runner (:obj:`Runner`): Of the training.
            batch_idx (int): Not used.
            data_batch (dict, optional): With ``data_samples``.
        """
        if self._sides is None or not data_batch:
            return
        self._sides += [self.sides(sample.gt_instances).float().cpu()
                        for sample in data_batch['data_samples']]
        if sum(map(len, self._sides)) >= self.num_boxes:
            self._end(runner)

    def after_train(self, runner: Runner) -> None:
        """Report on the boxes of a training that had fewer.

        Args:
            runner (:obj:`Runner`): Of the training.
        """
        if self._sides and sum(map(len, self._sides)):
            self._end(runner)

    def _end(self, runner: Runner) -> None:
        sides, self._sides = torch.cat(self._sides), None
        self.report(runner, self._head, sides)
