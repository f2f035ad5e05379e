"""The two families of hosts and the commands that install them."""
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Dict, NamedTuple, Optional, Tuple

HOSTS = ('mmengine', 'mmcv', 'mmdet', 'mmrotate')


class Family(NamedTuple):
    """Packages of one origin; those of another have the same import names.

    Attributes:
        extra (str): mmextra's extra that installs it.
        distributions (dict[str, str]): Import name to the name that pip
            knows.
        tried (dict[str, tuple]): Import name to the first version that works
            and the first one that was never tried.
        mmrotate (str): What installs mmrotate.
    """
    extra: str
    distributions: Dict[str, str]
    tried: Dict[str, Tuple[str, str]]
    mmrotate: str


OPENMMLAB = Family(
    extra='openmmlab',
    distributions={name: name for name in HOSTS},
    tried=dict(
        mmengine=('0.10.0', '0.11.0'), mmcv=('2.0.0', '2.2.0'),
        mmdet=('3.0.0', '3.4.0'), mmrotate=('1.0.0', '1.1.0')),
    mmrotate='mmrotate==1.0.0rc1')
ONEDL = Family(
    extra='onedl',
    distributions=dict(
        mmengine='onedl-mmengine', mmcv='onedl-mmcv',
        mmdet='onedl-mmdetection', mmrotate='onedl-mmrotate'),
    tried=dict(
        mmengine=('0.10.8', '0.11.0'), mmcv=('2.3.0', '2.4.0'),
        mmdet=('3.5.0', '3.6.0'), mmrotate=('1.2.0', '1.3.0')),
    mmrotate='onedl-mmrotate==1.2.1')


def version_tuple(version: str) -> Tuple[int, ...]:
    """The first three numbers of a version: ``'1.0.0rc1'`` is (1, 0, 0)."""
    return tuple(int(n) for n in re.findall(r'\d+', version)[:3])


def installed(distribution: str) -> Optional[str]:
    """The version of what pip has installed under a name, if anything."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def installed_of(family: Family) -> Dict[str, str]:
    """Distributions of a family that are installed, and their versions."""
    found = {name: installed(name) for name in family.distributions.values()}
    return {name: version for name, version in found.items() if version}


def present_family() -> Family:
    """The family that is installed; OpenMMLab's where none is."""
    return ONEDL if installed_of(ONEDL) else OPENMMLAB


def checkout() -> Optional[Path]:
    """The folder of the repository, None for an installed wheel."""
    root = Path(__file__).resolve().parents[1]
    return root if (root / 'tools' / 'install_mmcv.py').is_file() else None


def resources() -> Path:
    """The folder that holds ``configs`` and ``tools``.

    The repository for a checkout, ``mmextra/.mim`` for a wheel.
    """
    return checkout() or Path(__file__).resolve().parents[1] / 'mmextra/.mim'


def install_mmcv_command() -> str:
    """The command that builds mmcv for the torch that is there."""
    root = checkout()
    # A checkout that is only on the path has no console command.
    if root and not installed('mmextra'):
        return f'python {root}/tools/install_mmcv.py'
    return 'mmextra install-mmcv'


def extra_command(family: Family) -> str:
    """The command that installs a family."""
    root = checkout()
    name = f'{root or "mmextra"}[{family.extra}]'
    return f'pip install {"-e " if root else ""}"{name}"'


def python_version() -> str:
    return '.'.join(map(str, sys.version_info[:3]))
