"""Registration of the components that serve mmdet and mmrotate alike."""
from typing import Callable, Type

from mmdet import registry as mmdet_registry
from mmrotate import registry as mmrotate_registry


def register_in_both(registry: str) -> Callable[[Type], Type]:
    """Register one class object in mmdet's and in mmrotate's registry.

    A class in only one of them is not found by its plain name under the
    other's default scope.

    Args:
        registry (str): Name of the registry in either host, for example
            ``'MODELS'`` or ``'TASK_UTILS'``.

    Returns:
        Callable: The class decorator; it returns the class unchanged.
    """

    def register(cls: Type) -> Type:
        for host in (mmdet_registry, mmrotate_registry):
            getattr(host, registry).register_module(module=cls)
        return cls

    return register
