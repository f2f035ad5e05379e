"""Show a few-shot detector its classes before it is tested."""
from typing import Any, Optional, Sequence, Union

import torch
from mmdet.registry import DATASETS, HOOKS
from mmengine.dataset import pseudo_collate
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from mmextra.models.detectors import find_few_shot_detector


@HOOKS.register_module()
class SupportInitHook(Hook):
    """Fill a detector's support bank before every validation and test.

    Every process reads all supports, so that all have the same bank, and
    again each time, for the weights have changed. Give the same few-shot
    dataset (files, shots, ``shot_seed``) as in training: the choice of
    shots is deterministic.

    Args:
        dataset (dict): Config of the supports, with ``instance_wise=True``;
            its classes must be those of the tested dataset, in this order.
        batch_size (int): Supports that are read at a time.
        num_workers (int): Processes that read them.
        keep (bool): Save the bank in checkpoints, as ``support_bank``.
        permutation (Sequence[int], optional): A control experiment: class i
            is shown the supports of class ``permutation[i]``.

    Raises:
        ValueError: If the classes differ, or ``permutation`` is none.
    """

    # After EMAHook has swapped the weights.
    priority = 'LOW'

    def __init__(self,
                 dataset: Union[dict, torch.utils.data.Dataset],
                 batch_size: int = 16,
                 num_workers: int = 0,
                 keep: bool = False,
                 permutation: Optional[Sequence[int]] = None) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.keep = keep
        self.permutation = permutation

    def before_val_epoch(self, runner: Runner) -> None:
        """Fill the bank."""
        self.show(runner.model, runner.val_dataloader.dataset)

    def before_test_epoch(self, runner: Runner) -> None:
        """Fill the bank."""
        self.show(runner.model, runner.test_dataloader.dataset)

    def before_save_checkpoint(self, runner: Runner,
                               checkpoint: dict) -> None:
        """Save the bank, if wanted."""
        if self.keep:
            detector = find_few_shot_detector(runner.model)
            checkpoint['support_bank'] = detector.support_bank

    def show(self, model: nn.Module, tested: Any) -> None:
        """Fill the bank of a model.

        Args:
            model (nn.Module): The detector, wrapped or not.
            tested (Dataset): What it is going to be tested on.

        Raises:
            TypeError: If the model is no few-shot detector.
            ValueError: If the classes of supports and tested dataset differ.
        """
        if isinstance(self.dataset, dict):
            self.dataset = DATASETS.build(self.dataset)
        names = tuple(self.dataset.metainfo['classes'])
        wanted = tuple(tested.metainfo['classes'])
        if names != wanted:
            raise ValueError(
                'SupportInitHook: supports and tested dataset must have the '
                'same classes in the same order, for labels are positions; '
                f'the supports have {names}, the tested dataset {wanted}')
        model = find_few_shot_detector(model)
        # A plain loader: one made by the runner would give every process a
        # part of the supports only.
        loader = DataLoader(
            self.dataset,
            self.batch_size,
            num_workers=self.num_workers,
            collate_fn=pseudo_collate)
        mode = model.training
        model.eval()
        model.model_init(loader)
        if self.permutation is not None:
            self._permute(model)
        model.train(mode)
        print_log(
            f'SupportInitHook: {len(self.dataset)} supports of '
            f'{len(model.support_bank)} classes', logger='current')

    def _permute(self, model: nn.Module) -> None:
        bank = model.support_bank
        if sorted(self.permutation) != sorted(bank):
            raise ValueError('SupportInitHook: permutation must be one of '
                             f'{sorted(bank)}, got {self.permutation}')
        model.support_bank = {
            label: bank[other]
            for label, other in enumerate(self.permutation)
        }
