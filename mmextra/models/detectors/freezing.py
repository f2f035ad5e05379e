"""Modules that do not train."""
from typing import Optional, Sequence

from torch import nn


class FrozenPartsMixin:
    """A model of which some parts do not train, nor change their statistics.

    To be a base before the detector's class.
    """

    _frozen: Sequence[nn.Module] = ()

    def freeze(self, names: Optional[Sequence[str]]) -> None:
        """Take modules out of the training.

        To be called while the model is built: a distributed wrapper looks at
        what trains only once.

        Args:
            names (Sequence[str], optional): Names of modules, for example
                ``'backbone'`` or ``'roi_head.bbox_head.shared_fcs'``.

        Raises:
            ValueError: If a module is not there.
        """
        modules = dict(self.named_modules())
        missing = [name for name in names or () if name not in modules]
        if missing:
            raise ValueError(
                f'frozen_parameters names {missing}, which the model does '
                'not have; its parts are '
                f'{[name for name, _ in self.named_children()]}')
        self._frozen = [modules[name] for name in names or ()]
        for module in self._frozen:
            module.requires_grad_(False)

    def train(self, mode: bool = True) -> 'FrozenPartsMixin':
        """Set the mode; frozen modules stay in evaluation."""
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self
