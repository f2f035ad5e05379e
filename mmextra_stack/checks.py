"""Whether the packages that mmextra stands on are there and fit.

Every problem is one sentence with the command that mends it; ``import
mmextra`` raises the first, ``mmextra doctor`` prints them all.
"""
import contextlib
import importlib
import importlib.util
import sys
import warnings
from types import ModuleType
from typing import Iterator, Optional

from .families import (
    ONEDL,
    OPENMMLAB,
    Family,
    extra_command,
    install_mmcv_command,
    installed,
    installed_of,
    present_family,
    python_version,
    version_tuple,
)

MIN_PYTHON = (3, 10)
# What OpenMMLab's packages admit of each other at import; newer ones work.
LENT_VERSIONS = dict(mmcv='2.0.1', mmdet='3.1.0')


@contextlib.contextmanager
def _lent(module: ModuleType, name: str, value: object) -> Iterator[None]:
    """A module has an attribute, or another value of it, for a while."""
    absent = object()
    own = getattr(module, name, absent)
    setattr(module, name, value)
    try:
        yield
    finally:
        if own is absent:
            delattr(module, name)
        else:
            setattr(module, name, own)


def import_host(name: str) -> ModuleType:
    """Import a host past the limits that it sets to the others' versions.

    OpenMMLab's mmdet and mmrotate assert at import that mmcv and mmdet are
    not newer than they were then. The limits are lent for the length of this
    import.
    """
    with contextlib.ExitStack() as stack:
        if name in ('mmdet', 'mmrotate') and name not in sys.modules \
                and present_family() is OPENMMLAB:
            for other, version in LENT_VERSIONS.items():
                module = sys.modules.get(other)
                if other != name and module is not None and version_tuple(
                        module.__version__) > version_tuple(version):
                    stack.enter_context(
                        _lent(module, '__version__', version))
        return importlib.import_module(name)


def import_if_there(name: str) -> Optional[ModuleType]:
    """Import a host, None if it is absent.

    An error inside of it, also of a package that it needs, is raised.
    """
    try:
        return import_host(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None


def needs_mmrotate(what: str) -> str:
    """The sentence for something rotated where mmrotate is absent."""
    return (f'{what} needs mmrotate, which is not installed: run '
            f'"pip install {present_family().mmrotate}"')


def needs_video(what: str, found: str) -> str:
    """The sentence for something of video where mmdet has none."""
    return (f'{what} needs mmdet 3.1 or newer, which has video, found '
            f'{found}: run "pip install \'mmdet>=3.1,<3.4\'"')


def _python() -> Optional[str]:
    if tuple(sys.version_info) < MIN_PYTHON:
        return (f'mmextra needs Python {".".join(map(str, MIN_PYTHON))} or '
                f'newer, this is {python_version()}: make an environment of '
                'a newer one, for example by "python3.11 -m venv .venv"')
    return None


def _mixture() -> Optional[str]:
    ours, theirs = installed_of(OPENMMLAB), installed_of(ONEDL)
    if not ours or not theirs:
        return None
    every = [*ours, *theirs]
    return (f'OpenMMLab\'s {", ".join(ours)} and onedl\'s '
            f'{", ".join(theirs)} are both installed and overwrite each '
            'other\'s files: keep one family, for example by "pip uninstall '
            f'-y {" ".join(every)}", then "{extra_command(OPENMMLAB)}", then '
            f'"{install_mmcv_command()}"')


def _torch() -> Optional[str]:
    if import_if_there('torch') is None:
        return ('mmextra needs torch: install it first, on a machine without '
                'GPU by "pip install torch==2.13.0", else by the command that '
                'pytorch.org gives for your CUDA version')
    return None


def _pkg_resources() -> Optional[str]:
    if installed('mmengine') and \
            importlib.util.find_spec('pkg_resources') is None:
        return ('OpenMMLab\'s mmengine needs pkg_resources, which setuptools '
                f'{installed("setuptools") or ""} does not have: run '
                '"pip install \'setuptools<82\'"').replace('  ', ' ')
    return None


def _torchvision() -> Optional[str]:
    """Whether what onedl-mmrotate imports is there; its metadata is silent."""
    torch = installed('torch')
    if not installed(ONEDL.distributions['mmrotate']) or \
            _is_there('torchvision'):
        return None
    # Else pip takes the newest, and replaces torch by the one that it wants.
    held = f' torch=={torch}' if torch else ''
    return ('onedl-mmrotate needs torchvision, which is not installed: run '
            f'"pip install torchvision{held}"')


def _is_there(name: str) -> bool:
    """Whether a host can be found.

    What pip has on record does not tell: removing one of two families takes
    files of the other away.
    """
    with contextlib.suppress(ModuleNotFoundError):
        return importlib.util.find_spec(name) is not None
    return False


def _remedy(name: str, family: Family) -> str:
    if name == 'mmcv':
        return install_mmcv_command()
    return f'pip install {family.mmrotate}' if name == 'mmrotate' else \
        extra_command(family)


def _version(name: str, family: Family) -> Optional[str]:
    """Whether a host is not older than the oldest that works."""
    first, beyond = family.tried[name]
    # Not from the module: an old one may refuse to be imported.
    found = installed(family.distributions[name]) or getattr(
        import_if_there(name), '__version__', None)
    if found is None:
        return None
    if version_tuple(found) < version_tuple(first):
        return (f'mmextra needs {name} {first} or newer, found {found}: run '
                f'"{_remedy(name, family)}"')
    if version_tuple(found) >= version_tuple(beyond):
        warnings.warn(
            f'mmextra was tried with {name} {first} up to, not including, '
            f'{beyond}; found {found}.', stacklevel=4)
    return None


def _ops() -> Optional[str]:
    """Whether mmcv's compiled ops are there and of this torch."""
    try:
        importlib.import_module('mmcv.ops')
    except (ImportError, OSError) as error:
        lite = installed('mmcv-lite')
        remove = '"pip uninstall -y mmcv-lite", then ' if lite else ''
        reason = str(error).splitlines()[0]
        return ('mmcv is installed but its compiled ops cannot be loaded '
                f'({reason}), for they were not built or belong to another '
                f'torch: run {remove}"{install_mmcv_command()}"')
    return None


def problems() -> Iterator[str]:
    """What keeps mmextra from working, each with the command that mends it.

    Yields:
        str: One sentence; the first is the one to mend first.
    """
    first = [check() for check in (_python, _mixture, _torch, _torchvision,
                                   _pkg_resources)]
    yield from filter(None, first)
    if any(first):
        # What follows imports the hosts, which need these.
        return
    family = present_family()
    absent = [name for name in family.tried
              if name != 'mmrotate' and not _is_there(name)]
    for name in absent:
        yield f'mmextra needs {name}: run "{_remedy(name, family)}"'
    for name in family.tried:
        if _is_there(name):
            text = _version(name, family)
            if text is not None:
                yield text
                return
    if absent:
        return
    for name in ('mmengine', 'mmcv'):
        import_host(name)
    text = _ops()
    if text is not None:
        yield text
        return
    import_host('mmdet')
