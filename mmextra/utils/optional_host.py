"""mmrotate, without which all but the rotated components work."""
import sys
from typing import Callable, NoReturn

from mmextra_stack.checks import needs_mmrotate

# Imported with mmextra itself, where it is installed.
HAS_MMROTATE = 'mmrotate' in sys.modules


def absent_without_mmrotate(module: str, *names: str) -> Callable:
    """A module's ``__getattr__`` that says why a rotated part is missing.

    Args:
        module (str): Name of the module.
        *names (str): What it would have if mmrotate were installed.

    Returns:
        Callable: Raises ``ImportError`` for these names and
        ``AttributeError`` for others.
    """

    def get(name: str) -> NoReturn:
        if name in names:
            raise ImportError(needs_mmrotate(f'{module}.{name}') + '.')
        raise AttributeError(f'module {module!r} has no attribute {name!r}')

    return get
