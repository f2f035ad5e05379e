"""Registration of the components that serve mmdet and mmrotate alike."""
from typing import Callable, List, Type

from mmdet import registry as mmdet_registry
from mmengine.registry import Registry

from .optional_host import HAS_MMROTATE


def host_registries(registry: str) -> List[Registry]:
    """A registry of each host that is installed.

    Args:
        registry (str): Its name in either host, for example ``'MODELS'`` or
            ``'TASK_UTILS'``.

    Returns:
        list[Registry]: mmdet's, and mmrotate's if there is one.
    """
    hosts = [mmdet_registry]
    if HAS_MMROTATE:
        from mmrotate import registry as mmrotate_registry
        hosts.append(mmrotate_registry)
    return [getattr(host, registry) for host in hosts]


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
        for host in host_registries(registry):
            host.register_module(module=cls)
        return cls

    return register
