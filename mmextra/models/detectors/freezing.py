"""Modules that do not train."""
from typing import List, Optional, Sequence

from torch import nn


def freeze_modules(model: nn.Module,
                   names: Optional[Sequence[str]]) -> List[nn.Module]:
    """Take modules out of the training.

    To be called while the model is built: a distributed wrapper looks at
    what trains only once.

    Args:
        model (nn.Module): The model.
        names (Sequence[str], optional): Names of modules, for example
            ``'backbone'`` or ``'roi_head.bbox_head.shared_fcs'``.

    Returns:
        list[nn.Module]: The modules.

    Raises:
        ValueError: If a module is not there.
    """
    modules = dict(model.named_modules())
    missing = [name for name in names or () if name not in modules]
    if missing:
        raise ValueError(
            f'frozen_parameters names {missing}, which the model does not '
            f'have; its parts are {[n for n, _ in model.named_children()]}')
    frozen = [modules[name] for name in names or ()]
    for module in frozen:
        module.requires_grad_(False)
    return frozen
