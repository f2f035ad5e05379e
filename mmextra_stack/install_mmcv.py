"""Build and install mmcv, with its compiled ops, for the torch that is here.

Prebuilt mmcv wheels stop at torch 2.1 (OpenMMLab) or are not on the package
index (onedl). The source is fetched, set to the C++ standard that the
installed torch needs, built without debug information; the wheel is kept in
a cache, installed and proved by a call of ``mmcv.ops.nms``. Nothing else is
changed.
"""
import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Optional

from .families import present_family, version_tuple
from .mmcv_build import build_wheel, check_compilers, torch_facts
from .mmcv_source import (
    SOURCES,
    InstallError,
    admitted_by_mmdet,
    choose_version,
    pip,
    run,
)

PROOF = """
import torch
from mmcv.ops import box_iou_rotated, nms
boxes = torch.tensor(
    [[0., 0., 10., 10.], [1., 0., 10., 10.], [20., 20., 30., 30.]])
scores = torch.tensor([.9, .8, .7])
kept = nms(boxes, scores, 0.5)[1].tolist()
assert kept == [0, 2], kept
if {cuda}:
    # Known without a GPU too, as on the host of a build.
    from mmcv.ops import get_compiling_cuda_version
    assert get_compiling_cuda_version() != 'not available', 'no ops for GPUs'
if {cuda} and torch.cuda.is_available():
    kept = nms(boxes.cuda(), scores.cuda(), 0.5)[1].tolist()
    assert kept == [0, 2], kept
    print('mmcv.ops.nms works on the GPU')
print('mmcv.ops.nms works on the CPU')
"""


def python_tag() -> str:
    """The tag of wheels for the running Python, for example ``cp311``."""
    return f'cp{sys.version_info.major}{sys.version_info.minor}'


def cache_dir(facts: Dict, archs: List[str], stem: str, version: str,
              root: Optional[Path] = None) -> Path:
    """Where the wheel for exactly this combination is kept.

    The file name of a wheel tells neither torch nor CUDA; the folder does.

    Args:
        facts (dict): From :func:`torch_facts`.
        archs (list[str]): CUDA architectures, empty for a CPU build.
        stem (str): Of the wheel's name, ``mmcv`` or ``onedl_mmcv``.
        version (str): mmcv's release.
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
    return Path(root) / (f'{stem}{version}-torch{facts["version"]}-'
                         f'{python_tag()}-{target}')


def find_wheel(folder: Path, stem: str, version: str) -> Optional[Path]:
    """The wheel of the right version for the running Python, if any."""
    tag = python_tag()
    wheels = sorted(folder.glob(f'{stem}-{version}-{tag}-{tag}-*.whl'))
    return wheels[-1] if wheels else None


def already_works(cuda: bool, asked: Optional[str]) -> bool:
    """Whether the mmcv of this environment runs its ops.

    Args:
        cuda (bool): On the GPU too.
        asked (str, optional): The release it must be. None: any that the
            installed mmdet admits.
    """
    limit = admitted_by_mmdet()
    code = 'import mmcv; print(mmcv.__version__)\n' + PROOF.format(cuda=cuda)
    told = subprocess.run([sys.executable, '-c', code], cwd='/',
                          capture_output=True, text=True)
    if told.returncode:
        return False
    version = told.stdout.splitlines()[0]
    if asked:
        return version == asked
    return limit is None or version_tuple(version) < limit


def parse_args(argv: Optional[List[str]],
               description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='install_mmcv', description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cpu', action='store_true',
                        help='build without GPU ops even if torch has CUDA')
    parser.add_argument('--arch', nargs='+', default=[],
                        help='CUDA architectures, such as 8.0 9.0; default: '
                        'those of the visible GPUs')
    parser.add_argument('--family', choices=sorted(SOURCES),
                        help='whose mmcv; default: of the hosts installed, '
                        'else OpenMMLab\'s')
    parser.add_argument('--mmcv-version',
                        help='release to install; default: the newest that '
                        'the installed mmdet admits')
    parser.add_argument('--wheel-dir', type=Path,
                        help='folder of the kept wheels, one sub-folder per '
                        'mmcv, torch, Python and CUDA; default: in the '
                        'user\'s cache')
    parser.add_argument('--force', action='store_true',
                        help='build anew and replace, even if mmcv works or '
                        'a wheel is kept')
    return parser.parse_args(argv)


def choose_archs(args: argparse.Namespace, facts: Dict) -> List[str]:
    """CUDA architectures to build for, none for a CPU build.

    Raises:
        InstallError: If they are asked for and torch has no CUDA, or torch
            has CUDA and neither they nor a GPU are there.
    """
    if not facts['cuda'] or args.cpu:
        if args.arch:
            raise InstallError(
                '--arch was given, but '
                + ('--cpu was too' if args.cpu else 'this torch has no CUDA'))
        return []
    archs = args.arch or facts['archs']
    if not archs:
        raise InstallError(
            f'torch is built for CUDA {facts["cuda"]} but no GPU is '
            'visible. Name the architecture (--arch 9.0 for Hopper, 8.0 '
            'for A100) or pass --cpu.')
    return archs


def install(args: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        InstallError: With what the user can do.
    """
    facts = torch_facts()
    archs = choose_archs(args, facts)
    if not args.force and already_works(bool(archs), args.mmcv_version):
        print('mmcv with working ops is installed already.')
        return
    source = SOURCES[args.family or present_family().extra]
    version = choose_version(source, args.mmcv_version)
    folder = cache_dir(facts, archs, source.stem, version, args.wheel_dir)
    wheel = None if args.force else find_wheel(folder, source.stem, version)
    kept = wheel is not None
    if kept:
        print(f'Using the wheel built earlier: {wheel}', flush=True)
    else:
        check_compilers(facts['cuda'] if archs else None)
        pip('install', '-q', *source.build_tools)
        wheel = build_wheel(folder, facts, archs, source, version)
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


def main(argv: Optional[List[str]] = None, description: str = '') -> None:
    """Entry point of ``tools/install_mmcv.py``."""
    try:
        install(parse_args(argv, description))
    except InstallError as error:
        sys.exit(f'install_mmcv: {error}')
