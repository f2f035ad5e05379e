"""Train with channels last in memory."""
import functools
import importlib
from typing import Any, Callable, List, Tuple

import torch
from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Lay out a model's 4D weights with channels last, before it trains.

    Its maps follow. Results differ by rounding alone, checkpoints have the
    same keys and shapes. On a CPU the convolutions become faster.

    mmcv's operations read the memory of their maps as if channels came
    first, and would take other pixels without a word: theirs are copied into
    that order, from then on in the whole process.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Convert the model in place."""
        runner.model.to(memory_format=torch.channels_last)
        _let_mmcv_see_channels_first()


def _let_mmcv_see_channels_first() -> None:
    """Wrap all compiled operations, for modules and functions call them."""
    compiled = importlib.import_module('mmcv._ext')
    for name, operation in vars(compiled).items():
        if callable(operation) and not isinstance(operation, type) and \
                not hasattr(operation, '__wrapped__'):
            setattr(compiled, name, _channels_first(operation))


def _channels_first(operation: Callable[..., Any]) -> Callable[..., Any]:

    @functools.wraps(operation)
    def call(*args: Any, **kwargs: Any) -> Any:
        turned: List[Tuple[Tensor, Tensor]] = []

        def first(value: Any) -> Any:
            if not (isinstance(value, Tensor) and value.dim() == 4
                    and not value.is_contiguous()
                    and value.is_contiguous(
                        memory_format=torch.channels_last)):
                return value
            turned.append((value, value.contiguous()))
            return turned[-1][1]

        result = operation(*map(first, args), **{
            name: first(value) for name, value in kwargs.items()})
        for original, copy in turned:
            # Operations write into some of their arguments. Past the count
            # of changes, for the others are as they were.
            original.data.copy_(copy)
        return result

    return call
