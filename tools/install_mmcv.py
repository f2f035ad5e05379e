"""Build and install mmcv, with its compiled ops, for the torch that is here.

OpenMMLab's prebuilt mmcv wheels stop at torch 2.1. This script fetches the
mmcv source, sets the C++ standard that the installed torch needs, builds
the ops without debug information, keeps the wheel in a cache, installs it
and proves it with a call of ``mmcv.ops.nms``. Nothing else is changed.

Examples:
    python tools/install_mmcv.py                   # CPU or CUDA, as torch is
    python tools/install_mmcv.py --arch 9.0        # CUDA for Hopper
    python tools/install_mmcv.py --wheel-dir DIR   # reuse or keep wheels here
"""
import argparse
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Optional

MMCV_VERSION = '2.0.1'
# (first torch version, C++ standard its headers need), newest first.
CXX_STANDARDS = (((2, 14), 'c++20'), ((2, 1), 'c++17'), ((0, 0), 'c++14'))
# mmcv's setup.py imports pkg_resources, which setuptools 82 dropped;
# current torch wants 77, which does not exist for Python 3.8.
SETUPTOOLS = ('setuptools>=77,<82'
              if sys.version_info >= (3, 9) else 'setuptools<82')
BUILD_TOOLS = (SETUPTOOLS, 'wheel', 'ninja', 'psutil')

PROOF = """
import torch
from mmcv.ops import box_iou_rotated, nms
boxes = torch.tensor(
    [[0., 0., 10., 10.], [1., 0., 10., 10.], [20., 20., 30., 30.]])
scores = torch.tensor([.9, .8, .7])
kept = nms(boxes, scores, 0.5)[1].tolist()
assert kept == [0, 2], kept
if torch.cuda.is_available() and {cuda}:
    kept = nms(boxes.cuda(), scores.cuda(), 0.5)[1].tolist()
    assert kept == [0, 2], kept
    print('mmcv.ops.nms works on the GPU')
print('mmcv.ops.nms works on the CPU')
"""


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
            'mmcv\'s setup.py has no -std= flag any more; this script knows '
            f'mmcv {MMCV_VERSION} only')
    return re.sub(
        r"exec\(compile\(f\.read\(\), version_file, 'exec'\)\)\n"
        r"(\s+)return locals\(\)\['__version__'\]",
        r"scope = {}\n        exec(f.read(), scope)\n"
        r"\1return scope['__version__']", text)


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


def run(command: list, **kwargs) -> None:
    """Run a command, its output going straight to the terminal."""
    print('+', ' '.join(map(str, command)), flush=True)
    try:
        subprocess.run(list(map(str, command)), check=True, **kwargs)
    except subprocess.CalledProcessError as error:
        raise InstallError(f'the command above failed with exit code '
                           f'{error.returncode}; its last lines say why'
                           ) from None


def pip(*args, **kwargs) -> None:
    run([sys.executable, '-m', 'pip', *args], **kwargs)


def fetch_source(folder: Path) -> Path:
    """Download and unpack the mmcv source distribution."""
    # Build isolation would give mmcv an environment without torch, in
    # which it silently builds a wheel without ops.
    pip('download', f'mmcv=={MMCV_VERSION}', '--no-deps', '--no-binary',
        'mmcv', '--no-build-isolation', '-q', '-d', folder)
    archive = next(folder.glob('mmcv-*.tar.gz'))
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, 'data_filter'):
            tar.extractall(folder, filter='data')
        else:
            tar.extractall(folder)
    return folder / archive.name[:-len('.tar.gz')]


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
    else:
        # And with a GPU in sight it would build for it, --cpu or not.
        env.update(FORCE_CUDA='0', CUDA_VISIBLE_DEVICES='')
    return env


def build_wheel(wheel_dir: Path, facts: dict, archs: list) -> Path:
    """Build the wheel into ``wheel_dir`` and return its path."""
    std = cxx_standard(facts['version'])
    env = build_environment(archs)
    with tempfile.TemporaryDirectory(prefix='mmcv-build-') as tmp:
        source = fetch_source(Path(tmp))
        setup = source / 'setup.py'
        setup.write_text(patch_setup(setup.read_text(), std))
        print(f'Building mmcv {MMCV_VERSION} for torch {facts["version"]}, '
              f'{std}, {"CUDA " + " ".join(archs) if archs else "CPU"}, '
              f'{env["MAX_JOBS"]} jobs. This takes 5 to 10 minutes.',
              flush=True)
        start = time.time()
        pip('wheel', source, '--no-deps', '--no-build-isolation', '-v',
            '-w', Path(tmp) / 'out', env=env)
        wheel = next((Path(tmp) / 'out').glob('mmcv-*.whl'))
        if 'none-any' in wheel.name:
            raise InstallError('mmcv built a wheel without compiled ops')
        wheel_dir.mkdir(parents=True, exist_ok=True)
        partial = wheel_dir / (wheel.name + '.part')
        shutil.copy(wheel, partial)
        partial.rename(wheel_dir / wheel.name)
        print(f'Built {wheel.name} in {time.time() - start:.0f} s')
        return wheel_dir / wheel.name


def python_tag() -> str:
    """The tag of wheels for the running Python, for example ``cp311``."""
    return f'cp{sys.version_info.major}{sys.version_info.minor}'


def cache_dir(facts: dict, archs: list, root: Optional[Path] = None) -> Path:
    """Where the wheel for exactly this combination is kept.

    The file name of a wheel tells neither torch nor CUDA; the folder does.

    Args:
        facts (dict): From :func:`torch_facts`.
        archs (list[str]): CUDA architectures, empty for a CPU build.
        root (Path, optional): Folder of all wheels. None: one in the user's
            cache directory.

    Returns:
        Path: The folder; it need not exist.
    """
    if root is None:
        cache = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
        root = Path(cache) / 'mmextra' / 'wheels'
    target = 'cpu'
    if archs:
        target = f'cu{facts["cuda"].replace(".", "")}-' + '-'.join(
            arch.replace('.', '') for arch in archs)
    return Path(root) / (f'mmcv{MMCV_VERSION}-torch{facts["version"]}-'
                         f'{python_tag()}-{target}')


def find_wheel(folder: Path) -> Optional[Path]:
    """The wheel of the right version for the running Python, if any."""
    tag = python_tag()
    wheels = sorted(folder.glob(f'mmcv-{MMCV_VERSION}-{tag}-{tag}-*.whl'))
    return wheels[-1] if wheels else None


def already_works(cuda: bool) -> bool:
    """Whether this environment has an mmcv 2.0 whose ops run."""
    code = ('import mmcv; assert mmcv.__version__.startswith("2.0.")\n' +
            PROOF.format(cuda=cuda))
    return subprocess.run([sys.executable, '-c', code],
                          capture_output=True).returncode == 0


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cpu', action='store_true',
                        help='build without GPU ops even if torch has CUDA')
    parser.add_argument('--arch', nargs='+', default=[],
                        help='CUDA architectures, such as 8.0 9.0; default: '
                        'those of the visible GPUs')
    parser.add_argument('--wheel-dir', type=Path,
                        help='folder of the kept wheels, one sub-folder per '
                        'torch, Python and CUDA; default: in the user\'s '
                        'cache')
    parser.add_argument('--force', action='store_true',
                        help='build anew and replace, even if mmcv works or '
                        'a wheel is kept')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    facts = torch_facts()
    archs = []
    if facts['cuda'] and not args.cpu:
        archs = args.arch or facts['archs']
        if not archs:
            raise InstallError(
                f'torch is built for CUDA {facts["cuda"]} but no GPU is '
                'visible. Name the architecture (--arch 9.0 for Hopper, 8.0 '
                'for A100) or pass --cpu.')
    elif args.arch:
        raise InstallError(
            '--arch was given, but '
            + ('--cpu was too' if args.cpu else 'this torch has no CUDA'))
    if not args.force and already_works(cuda=bool(archs)):
        print('mmcv 2.0 with working ops is installed already.')
        return
    wheel_dir = cache_dir(facts, archs, args.wheel_dir)
    wheel = None if args.force else find_wheel(wheel_dir)
    kept = wheel is not None
    if kept:
        print(f'Using the wheel built earlier: {wheel}', flush=True)
    else:
        check_compilers(facts['cuda'] if archs else None)
        pip('install', '-q', *BUILD_TOOLS)
        wheel = build_wheel(wheel_dir, facts, archs)
    pip('install', '-q', wheel)
    pip('install', '-q', '--force-reinstall', '--no-deps', wheel)
    try:
        run([sys.executable, '-c', PROOF.format(cuda=bool(archs))], cwd='/')
    except InstallError as error:
        if kept:
            raise InstallError(
                f'{error}. The kept wheel {wheel} does not work here; build '
                'anew with --force.') from None
        raise


if __name__ == '__main__':
    try:
        main()
    except InstallError as error:
        sys.exit(f'install_mmcv: {error}')
