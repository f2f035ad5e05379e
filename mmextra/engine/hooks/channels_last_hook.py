"""Train with channels last in memory."""
from typing import Any, Tuple

import torch
from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Lay out a model's 4D weights with channels last, before it trains.

    Its maps follow. Results differ by rounding alone, checkpoints have the
    same keys and shapes. On a CPU the convolutions become faster.

    mmcv's operations read the memory of their maps as if channels came
    first, and would take other pixels without a word: theirs are copied into
    that order.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Convert the model in place."""
        runner.model.to(memory_format=torch.channels_last)
        for module in runner.model.modules():
            if any(kind.__module__.startswith('mmcv.ops.')
                   for kind in type(module).__mro__):
                module.to(memory_format=torch.contiguous_format)
                module.register_forward_pre_hook(_channels_first)


def _channels_first(_: nn.Module, args: Tuple[Any, ...]) -> Tuple[Any, ...]:
    """Inputs as mmcv's operations read them."""
    return tuple(
        each.contiguous() if isinstance(each, Tensor) else each
        for each in args)
