"""Tell in a training when maps of the backbone have become constant."""
from typing import Any, List, Sequence, Union

import torch
from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn


def constant_channels(maps: Tensor, ratio: float) -> Tensor:
    """Which channels vary by less than a share of their mean, or not at all.

    Args:
        maps (Tensor): Shape (B, C, H, W).
        ratio (float): Deviation over B, H and W, to the magnitude of the
            mean, up to which a channel is constant.

    Returns:
        Tensor: Shape (C,), of booleans.
    """
    cells = maps.detach().float().transpose(0, 1).flatten(1)
    return cells.std(1, unbiased=False) <= ratio * cells.mean(1).abs()


@HOOKS.register_module()
class MapCheckHook(Hook):
    """Warn when a map of the backbone no longer depends on the picture.

    A pretrained backbone whose batch normalisation keeps its statistics
    (``norm_eval=True``) has nothing that holds its means where they were. If
    all weights learn at a high rate they may run away, till the last stages
    have the same value everywhere; the losses hardly show it, for the other
    maps go on. Not in the papers.

    Args:
        interval (int): Iterations between two looks; the first is at the
            end of so many.
        ratio (float): See :func:`constant_channels`.
        share (float): Share of a map's channels from which on it warns.

    Raises:
        ValueError: If ``interval`` is not positive, or the model has no
            backbone.
    """

    def __init__(self,
                 interval: int = 250,
                 ratio: float = 0.05,
                 share: float = 0.5) -> None:
        if interval < 1:
            raise ValueError(
                f'MapCheckHook: interval must be positive, got {interval}')
        self.interval = interval
        self.ratio = ratio
        self.share = share
        self._constant: List[Tensor] = []
        self._handle: Any = None

    def before_train(self, runner: Runner) -> None:
        """Look for the backbone before any time is spent."""
        self._find_backbone(runner)

    @staticmethod
    def _find_backbone(runner: Runner) -> nn.Module:
        model = runner.model
        if is_model_wrapper(model):
            model = model.module
        backbone = getattr(model, 'backbone', None)
        if backbone is None:
            raise ValueError(
                f'MapCheckHook looks at model.backbone, which '
                f'{type(model).__name__} has not; leave it out of '
                'custom_hooks')
        return backbone

    def before_train_iter(self, runner: Runner, batch_idx: int,
                          data_batch: Any = None) -> None:
        """Look at the maps of one iteration of every ``interval``."""
        if not self.every_n_train_iters(runner, self.interval):
            return
        self._constant = []
        self._handle = self._find_backbone(runner).register_forward_hook(
            self._look)

    def _look(self, _: nn.Module, args: Any,
              maps: Union[Tensor, Sequence[Tensor]]) -> None:
        if isinstance(maps, Tensor):
            maps = [maps]
        found = [constant_channels(each, self.ratio) for each in maps]
        # Of a picture and its supports: constant in all of them.
        self._constant = [
            old & new for old, new in zip(self._constant, found)
        ] if self._constant else found

    def after_train_iter(self, runner: Runner, batch_idx: int,
                         data_batch: Any = None,
                         outputs: Any = None) -> None:
        """Warn of what was seen."""
        if self._handle is None:
            return
        self._handle.remove()
        self._handle = None
        for number, channels in enumerate(self._constant):
            count = int(torch.count_nonzero(channels))
            if count >= self.share * len(channels):
                runner.logger.warning(
                    f'map {number} of the backbone is constant in {count} of '
                    f'{len(channels)} channels: nothing behind it sees the '
                    'picture there. Set norm_eval=False in the backbone, or '
                    'let it learn more slowly (optim_wrapper.paramwise_cfg)')
