"""The build of mmcv's wheel: what it needs and how it is called."""
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Dict, List, Optional

from .mmcv_source import (
    InstallError,
    Source,
    cxx_standard,
    fetch_source,
    join_sources,
    patch_setup,
    run,
)


def torch_facts() -> dict:
    """What the installed torch says about itself.

    Raises:
        InstallError: If torch is not installed.
    """
    if importlib.util.find_spec('torch') is None:
        raise InstallError(
            'torch is not installed in this environment. Install it first: '
            'CPU "pip install torch==2.13.0", GPU the command from '
            'pytorch.org for your CUDA version.')
    import torch
    devices = range(torch.cuda.device_count())
    archs = sorted({'.'.join(map(str, torch.cuda.get_device_capability(i)))
                    for i in devices})
    return dict(version=torch.__version__, cuda=torch.version.cuda,
                archs=archs)


def check_compilers(cuda: Optional[str]) -> None:
    """Fail before the long build when a compiler is missing or unfit.

    Args:
        cuda (str, optional): torch's CUDA version, None for a CPU build.

    Raises:
        InstallError: If there is no compiler, or nvcc is of another CUDA.
    """
    compiler = shlex.split(os.environ.get('CXX', 'c++'))[0]
    if shutil.which(compiler) is None:
        raise InstallError(
            f'no C++ compiler ({compiler}) found. Install one, for example '
            '"apt-get install g++", or set CXX.')
    if cuda is None:
        return
    # torch's own rule, for torch calls the compiler: CUDA_HOME, else the
    # nvcc on the PATH, else the usual folder.
    from torch.utils.cpp_extension import CUDA_HOME
    nvcc = shutil.which('nvcc', path=f'{CUDA_HOME}/bin') if CUDA_HOME else None
    if nvcc is None:
        raise InstallError(
            f'torch is built for CUDA {cuda} but nvcc was not found. Install '
            'the CUDA toolkit of that version and set CUDA_HOME, or pass '
            '--cpu to build without GPU ops.')
    told = subprocess.run([nvcc, '--version'], capture_output=True,
                          text=True).stdout
    found = re.search(r'release (\d+)\.\d+', told)
    told = found.group(1) if found else 'of an unknown version'
    if told != cuda.split('.')[0]:
        raise InstallError(
            f'{nvcc} is CUDA {told}, torch is built for CUDA {cuda}. Install '
            f'the toolkit {cuda} and set CUDA_HOME to it, or pass --cpu to '
            'build without GPU ops.')


def toolkit_folder() -> Optional[str]:
    """The folder of the CUDA toolkit, as its own nvcc tells it.

    torch takes the folder above the ``bin`` where it finds nvcc, which is
    not the toolkit's where that is a link or a script, as in
    ``/usr/local/bin``.

    Returns:
        str: The folder; None to leave the choice to torch.
    """
    if os.environ.get('CUDA_HOME') or os.environ.get('CUDA_PATH'):
        return None
    nvcc = shutil.which('nvcc')
    if nvcc is None:
        return None
    told = subprocess.run(
        [nvcc, '--dryrun', '-x', 'cu', os.devnull, '-o', os.devnull],
        capture_output=True, text=True).stderr
    found = re.search(r'^#\$ TOP=(.+)$', told, re.MULTILINE)
    if found is None:
        return None
    folder = os.path.normpath(found.group(1).strip())
    header = os.path.join(folder, 'include', 'cuda_runtime_api.h')
    return folder if os.path.isfile(header) else None


def header_folders() -> List[str]:
    """Folders of CUDA headers that torch brings with it.

    A toolkit without the libraries' headers (cuSPARSE, cuSOLVER) is
    complemented by them.
    """
    spec = importlib.util.find_spec('nvidia')
    roots = spec.submodule_search_locations if spec else []
    return sorted({str(header.parent) for root in roots or []
                   for header in Path(root).glob('*/include/cu*.h')})


def build_environment(archs: list) -> dict:
    """The environment variables that mmcv's build reads.

    Args:
        archs (list[str]): CUDA architectures, empty for a CPU build.

    Returns:
        dict[str, str]: The present environment with the build's own.
    """
    env = dict(os.environ, MMCV_WITH_OPS='1')
    # setuptools takes CFLAGS instead of Python's own flags, -O3 included,
    # so those come first. They carry -g too: without debug information the
    # wheel has 2 MB instead of 32 MB and is built in less time.
    own = sysconfig.get_config_var('CFLAGS') or '-O3'
    env['CFLAGS'] = f'{env.get("CFLAGS", own)} -g0'
    env.setdefault('MAX_JOBS', str(os.cpu_count() or 1))
    if archs:
        # A build host often shows no GPU; mmcv would then build for CPU.
        env.update(FORCE_CUDA='1', TORCH_CUDA_ARCH_LIST=';'.join(archs))
        toolkit = toolkit_folder()
        if toolkit:
            env['CUDA_HOME'] = toolkit
        # Behind every -I, so the toolkit's own headers go first.
        paths = [*filter(None, [env.get('CPATH')]), *header_folders()]
        if paths:
            env['CPATH'] = os.pathsep.join(paths)
    else:
        # And with a GPU in sight it would build for it, --cpu or not.
        env.update(FORCE_CUDA='0', CUDA_VISIBLE_DEVICES='')
    return env


def prepare_source(folder: Path, source: Source, version: str,
                   std: str) -> Path:
    """The patched source, of an earlier build that was cut off if there is.

    What that one compiled is not compiled again.

    Returns:
        Path: The folder of ``setup.py``.
    """
    ready = folder / 'ready'
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        place = fetch_source(folder, source, version)
        setup = place / 'setup.py'
        setup.write_text(patch_setup(setup.read_text(), std))
        if version in source.releases:
            join_sources(place)
        ready.write_text(place.name)
    return folder / ready.read_text()


def build_wheel(wheel_dir: Path, facts: Dict, archs: List[str],
                source: Source, version: str) -> Path:
    """Build the wheel into ``wheel_dir`` and return its path.

    The build's files stay there until it is complete, so that a build that
    was cut off is continued.
    """
    std = cxx_standard(facts['version'])
    env = build_environment(archs)
    work = wheel_dir / f'build-{source.stem}-{version}'
    folder = prepare_source(work, source, version, std)
    print(f'Building {source.distribution} {version} for torch '
          f'{facts["version"]}, '
          f'{std}, {"CUDA " + " ".join(archs) if archs else "CPU"}, '
          f'{env["MAX_JOBS"]} jobs. This takes minutes'
          f'{", on two cores half an hour" if archs else ""}.',
          flush=True)
    start = time.time()
    # Not by pip, which takes away what was compiled when something fails.
    run([sys.executable, 'setup.py', 'bdist_wheel', '-d', work / 'out'],
        env=env, cwd=folder)
    wheel = next((work / 'out').glob(f'{source.stem}-*.whl'))
    if 'none-any' in wheel.name:
        shutil.rmtree(work)
        raise InstallError('mmcv built a wheel without compiled ops')
    os.replace(wheel, wheel_dir / wheel.name)
    shutil.rmtree(work)
    print(f'Built {wheel.name} in {time.time() - start:.0f} s')
    return wheel_dir / wheel.name
