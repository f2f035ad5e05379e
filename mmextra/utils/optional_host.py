"""What a host lacks, without which all but the parts on it work."""
import importlib.util
import sys
from typing import Any, Callable, NoReturn

import mmdet
from mmdet import registry as mmdet_registry

from mmextra_stack.checks import needs_mmrotate, needs_video

# Imported with mmextra itself, where it is installed.
HAS_MMROTATE = 'mmrotate' in sys.modules
# Video data sets, samples and models came with mmdet 3.1.
HAS_VIDEO = importlib.util.find_spec('mmdet.models.mot') is not None


def _absent(sentence: Callable[[str], str], module: str,
            names: tuple) -> Callable:

    def get(name: str) -> NoReturn:
        if name in names:
            raise ImportError(sentence(f'{module}.{name}') + '.')
        raise AttributeError(f'module {module!r} has no attribute {name!r}')

    return get


def absent_without_mmrotate(module: str, *names: str) -> Callable:
    """A module's ``__getattr__`` that says why a rotated part is missing.

    Args:
        module (str): Name of the module.
        *names (str): What it would have if mmrotate were installed.

    Returns:
        Callable: Raises ``ImportError`` for these names and
        ``AttributeError`` for others.
    """
    return _absent(needs_mmrotate, module, names)


def absent_without_video(module: str, registry: str, *names: str) -> None:
    """Let what stands on mmdet's video parts say why it is missing.

    Args:
        module (str): Name of the module that would have it.
        registry (str): mmdet's registry that would, for example
            ``'MODELS'``: a config that names it is refused by the same
            sentence, an ``ImportError``.
        *names (str): What is missing.
    """

    def refuse(self: object, *args: Any, **kwargs: Any) -> NoReturn:
        raise ImportError(needs_video(
            f'{module}.{type(self).__name__}', mmdet.__version__) + '.')

    for name in names:
        # A class, so that isinstance() can be asked.
        part = type(name, (), dict(__init__=refuse, __module__=module))
        getattr(mmdet_registry, registry).register_module(module=part)
        setattr(sys.modules[module], name, part)
