"""Which mmcv fits, and its source made ready for the torch that is here."""
import importlib.util
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Tuple

from .families import ONEDL, OPENMMLAB, version_tuple

# (first torch version, C++ standard its headers need), newest first.
CXX_STANDARDS = (((2, 14), 'c++20'), ((2, 1), 'c++17'), ((0, 0), 'c++14'))


class Source(NamedTuple):
    """A family's mmcv.

    Attributes:
        distribution (str): What pip calls it.
        releases (tuple[str]): Releases that were tried, oldest first.
        build_tools (tuple[str]): What its ``setup.py`` needs beside torch.
    """
    distribution: str
    releases: Tuple[str, ...]
    build_tools: Tuple[str, ...]

    @property
    def stem(self) -> str:
        """How the names of its archives and wheels begin."""
        return self.distribution.replace('-', '_')


SOURCES = {
    # Its setup.py imports pkg_resources, which setuptools 82 dropped;
    # current torch wants 77.
    OPENMMLAB.extra: Source('mmcv', ('2.0.1', '2.1.0', '2.2.0'),
                            ('setuptools>=77,<82', 'wheel', 'ninja',
                             'psutil')),
    ONEDL.extra: Source('onedl-mmcv', ('2.3.6', ),
                        ('setuptools>=80', 'wheel', 'ninja', 'psutil',
                         'packaging>=24.2')),
}
# Sources that are compiled by themselves: the binding, and those that define
# macros or names that others define as well.
APART = ('pybind.cpp', 'cpu/psamask.cpp', 'cpu/bezier_align.cpp',
         'cpu/roi_align.cpp', 'cpu/roi_align_rotated.cpp',
         'cpu/rotated_feature_align.cpp')
# Every mmdet 3 admits it.
COMMON_RELEASE = '2.0.1'


class InstallError(RuntimeError):
    """A problem that the user can solve; its text says how."""


def cxx_standard(torch_version: str) -> str:
    """The C++ standard that the headers of a torch release need.

    Args:
        torch_version (str): For example ``'2.13.0+cpu'``.

    Returns:
        str: ``'c++14'``, ``'c++17'`` or ``'c++20'``.
    """
    found = re.match(r'(\d+)\.(\d+)', torch_version)
    if found is None:
        raise InstallError(f'cannot read the torch version {torch_version!r}')
    version = tuple(int(part) for part in found.groups())
    return next(std for first, std in CXX_STANDARDS if version >= first)


def patch_setup(text: str, std: str) -> str:
    """Adapt mmcv's ``setup.py`` to the installed Python and torch.

    Args:
        text (str): The file as released.
        std (str): The C++ standard to compile with.

    Returns:
        str: The file with its ``-std=`` flags replaced, and with the
        version read through an explicit namespace: Python 3.13 no longer
        lets ``exec`` write into ``locals()``.
    """
    text, count = re.subn(r'-std=c\+\+\d\d', f'-std={std}', text)
    if count == 0:
        raise InstallError(
            'mmcv\'s setup.py has no -std= flag any more; only the releases '
            'named in mmextra_stack/mmcv_source.py are known')
    return re.sub(
        r"exec\(compile\(f\.read\(\), version_file, 'exec'\)\)\n"
        r"(\s+)return locals\(\)\['__version__'\]",
        r"scope = {}\n        exec(f.read(), scope)\n"
        r"\1return scope['__version__']", text)


def run(command: List[object], **kwargs: Any) -> None:
    """Run a command, its output going straight to the terminal."""
    print('+', ' '.join(map(str, command)), flush=True)
    try:
        subprocess.run(list(map(str, command)), check=True, **kwargs)
    except subprocess.CalledProcessError as error:
        raise InstallError(f'the command above failed with exit code '
                           f'{error.returncode}; its last lines say why'
                           ) from None


def pip(*args: object, **kwargs: Any) -> None:
    run([sys.executable, '-m', 'pip', *args], **kwargs)


def join_sources(folder: Path) -> None:
    """Compile what has few lines of its own as two files.

    Each of mmcv's 57 entrances, which only choose a device, and of its 20
    kernels for the CPU has all of torch's headers, which take most of the
    time; 8 files are left of 77. Every release in :data:`SOURCES` has been
    compiled this way.

    Args:
        folder (Path): The unpacked source.
    """
    entrances = folder / 'mmcv' / 'ops' / 'csrc' / 'pytorch'
    for place in (entrances, entrances / 'cpu'):
        joined = []
        for path in sorted(place.glob('*.cpp')):
            if path.relative_to(entrances).as_posix() not in APART:
                # No longer found by the *.cpp of mmcv's setup.py.
                part = path.rename(path.with_suffix('.inc'))
                joined.append(f'#include "{part.name}"\n')
        (place / f'joined_{place.name}.cpp').write_text(''.join(joined))


def admitted_by_mmdet() -> Optional[Tuple[int, ...]]:
    """The first mmcv version that the installed mmdet refuses.

    Read from its source: importing it needs mmcv.

    Returns:
        tuple[int, ...] | None: None without mmdet or without a limit.
    """
    try:
        spec = importlib.util.find_spec('mmdet')
    except ModuleNotFoundError:
        spec = None
    if spec is None or not spec.origin:
        return None
    found = re.search(r"mmcv_maximum_version = '([^']+)'",
                      Path(spec.origin).read_text())
    return version_tuple(found.group(1)) if found else None


def choose_version(source: Source, asked: Optional[str] = None) -> str:
    """The release to install.

    Args:
        source (Source): The family's mmcv.
        asked (str, optional): The user's choice.

    Returns:
        str: ``asked``, or the newest release that was tried and that the
        installed mmdet admits. Without mmdet the newest that every mmdet 3
        admits.

    Raises:
        InstallError: If no release is asked for and none is admitted.
    """
    if asked:
        return asked
    if source.distribution != 'mmcv':
        return source.releases[-1]
    limit = admitted_by_mmdet()
    if limit is None:
        return COMMON_RELEASE
    fit = [name for name in source.releases if version_tuple(name) < limit]
    if not fit:
        raise InstallError(
            'the installed mmdet admits no mmcv 2: it is older than 3.0. '
            'Upgrade it by "pip install \'mmdet>=3.0,<3.4\'", or choose a '
            'release by --mmcv-version.')
    return fit[-1]


def fetch_source(folder: Path, source: Source, version: str) -> Path:
    """Download and unpack the mmcv source distribution."""
    # Build isolation would give mmcv an environment without torch, in
    # which it silently builds a wheel without ops.
    pip('download', f'{source.distribution}=={version}', '--no-deps',
        '--no-binary', source.distribution, '--no-build-isolation', '-q',
        '-d', folder)
    archive = next(folder.glob(f'{source.stem}-*.tar.gz'))
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, 'data_filter'):
            tar.extractall(folder, filter='data')
        else:
            tar.extractall(folder)
    return folder / archive.name[:-len('.tar.gz')]
