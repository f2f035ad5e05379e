"""Where the configs lie, in a checkout and in a wheel."""
from pathlib import Path

from mmextra_stack.families import resources


def config_root() -> Path:
    """The folder of mmextra's configs; ``tools`` lies beside it."""
    return resources() / 'configs'
