"""Where the configs lie, in a checkout and in a wheel."""
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def config_root() -> Path:
    """The folder of mmextra's configs."""
    packed = PACKAGE / '.mim' / 'configs'
    return packed if packed.is_dir() else PACKAGE.parent / 'configs'
