"""Train in bfloat16 where it is faster, on CPUs too."""
import functools
from typing import Any, Iterator

import torch
from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn


@HOOKS.register_module()
class AutocastHook(Hook):
    """Compute backbone, neck and the heads' layers in bfloat16 in training.

    Unlike mmengine's ``AmpOptimWrapper`` it works on CPUs, whose newer kinds
    multiply bfloat16 about twice as fast. What a part gives is float32
    again, so losses, assignment and mmcv's operators, which know no
    bfloat16 on CPUs, see what they always see. Validation and test stay in
    float32, checkpoints too.

    A part is a child of the detector (of the one that it wraps, too); of a
    RoI head, or of a list of modules, each of its children.
    """

    def before_train(self, runner: Runner) -> None:
        """Change the ``forward`` of the parts in place."""
        model = runner.model
        for part in autocast_parts(
                model.module if is_model_wrapper(model) else model):
            part.forward = _in_bfloat16(part)


def autocast_parts(model: nn.Module) -> Iterator[nn.Module]:
    """The parts of a detector that are computed in bfloat16.

    Args:
        model (nn.Module): The detector.

    Yields:
        nn.Module: Backbone, neck, dense heads, and of RoI heads the heads.
    """
    for name, child in model.named_children():
        if name == 'data_preprocessor' or name.startswith('loss'):
            continue
        if name in ('detector', 'roi_head') or isinstance(
                child, nn.ModuleList):
            yield from autocast_parts(child)
        elif next(child.parameters(), None) is not None:
            yield child


def _in_bfloat16(part: nn.Module) -> Any:
    forward = part.forward

    @functools.wraps(forward)
    def cast(*args: Any, **kwargs: Any) -> Any:
        if not part.training:
            return forward(*args, **kwargs)
        device = next(part.parameters()).device.type
        with torch.autocast(device, torch.bfloat16):
            return _float32(forward(*args, **kwargs))

    return cast


def _float32(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.float() if value.dtype is torch.bfloat16 else value
    if isinstance(value, dict):
        return {key: _float32(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        cast = [_float32(each) for each in value]
        # A named tuple takes its fields one by one.
        return (type(value)(*cast) if hasattr(value, '_fields')
                else type(value)(cast))
    return value
