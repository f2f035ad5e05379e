"""Run mmdet's own scripts with mmextra loaded.

The tools of this project are mmdet's, unchanged. What is added: the
components are registered first, so that also a stock config can name them
in ``--cfg-options``; a mistyped path, and a checkpoint that is cut short, is
told in one line; several processes work on a machine without GPU;
``--tta`` works on every config of a detector; and ``browse_dataset.py`` draws
the items of every data set.
"""
import argparse
import atexit
import gc
import os
import os.path as osp
import runpy
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional, Union

import mmdet
import torch
from mmengine.config import Config, DictAction
from torch.distributed.elastic.multiprocessing.errors import record

from .checkpoint_files import last_checkpoint, refusal
from .resumed_model import other_model
from .tta_config import add_tta

CONFIG_SUFFIXES = ('.py', '.json', '.yml', '.yaml')
# Scripts whose arguments name files that must exist: config, checkpoint.
MUST_EXIST = {
    'train.py': (CONFIG_SUFFIXES, ),
    'test.py': (CONFIG_SUFFIXES, ('.pth', )),
}


def stock_tools_dir() -> str:
    """The folder of mmdet's scripts.

    Returns:
        str: ``mmdet/.mim/tools`` of an installed package, or the ``tools``
        beside ``mmdet`` of a source checkout.

    Raises:
        FileNotFoundError: If there is neither.
    """
    package = osp.dirname(osp.abspath(mmdet.__file__))
    places = [osp.join(package, '.mim', 'tools'),
              osp.join(osp.dirname(package), 'tools')]
    for place in places:
        if osp.isfile(osp.join(place, 'train.py')):
            return place
    raise FileNotFoundError(
        f'mmdet\'s scripts are neither in {places[0]} nor in {places[1]}. '
        'Reinstall mmdet from its wheel: "pip install --force-reinstall '
        f'--no-deps mmdet=={mmdet.__version__}".')


def stock_tool_names() -> List[str]:
    """All scripts, as :func:`run_stock_tool` takes them, sorted."""
    folder = stock_tools_dir()
    return sorted(
        osp.relpath(osp.join(root, name), folder)
        for root, _, names in os.walk(folder) for name in names
        if name.endswith('.py'))


def first_with_suffix(argv: List[str], suffixes: tuple) -> str:
    """The first argument that is a file name of a kind, or ''."""
    return next((arg for arg in argv if arg.endswith(suffixes) and
                 not arg.startswith('-') and '=' not in arg), '')


def check_files(name: str, argv: List[str]) -> None:
    """Stop in one line when the config or the checkpoint is not there.

    Args:
        name (str): The script, for example ``'test.py'``.
        argv (list[str]): Its arguments.

    Raises:
        SystemExit: With the path and, where it helps, the right one.
    """
    root = osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__))))
    for suffixes in MUST_EXIST.get(name, ()):
        path = first_with_suffix(argv, suffixes)
        if not path or '://' in path or osp.isfile(path):
            continue
        found = osp.join(root, path)
        hint = f' Did you mean {found}?' if osp.isfile(found) else ''
        sys.exit(f'{name}: no such file: {path} (seen from {os.getcwd()}).'
                 + hint)


def merged_config(argv: List[str]) -> Config:
    """The config that a script's arguments name, with its options.

    Args:
        argv (list[str]): Arguments of the script.

    Returns:
        Config: The config; an empty one if no file is named, which the
        script itself will tell.
    """
    path = first_with_suffix(argv, CONFIG_SUFFIXES)
    cfg = Config.fromfile(path) if path else Config()
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    options = parser.parse_known_args(argv)[0].cfg_options
    cfg.merge_from_dict(options or {})
    return cfg


def check_checkpoints(name: str, argv: List[str]) -> None:
    """Stop in one line when a checkpoint to be read is not whole, or one to
    go on from is of another model.

    Args:
        name (str): The script, ``'train.py'`` or ``'test.py'``; others are
            let through.
        argv (list[str]): Its arguments.

    Raises:
        SystemExit: With the file, what is wrong, and which file of the
            same training can be used.
    """
    if name == 'test.py':
        path = first_with_suffix(argv, ('.pth', ))
        if path and '://' not in path:
            told = refusal(path)
            if told:
                sys.exit(f'{name}: {told}')
    if name != 'train.py':
        return
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument('--work-dir')
    parser.add_argument('--resume', nargs='?', const='auto')
    args = parser.parse_known_args(argv)[0]
    cfg = merged_config(argv)
    checkpoint: Union[str, Path, None] = args.resume or cfg.get('load_from')
    work_dir = None
    if args.resume == 'auto' or cfg.get('resume') and not checkpoint:
        work_dir = _work_dir(args.work_dir, cfg)
        checkpoint = last_checkpoint(work_dir)
    if checkpoint and ':' not in str(checkpoint):
        told = refusal(checkpoint, work_dir)
        if not told and (args.resume or cfg.get('resume')):
            told = other_model(checkpoint, cfg)
        if told:
            sys.exit(f'{name}: {told}')


def _work_dir(given: Optional[str], cfg: Config) -> str:
    """Where the stock script would write."""
    return given or cfg.get('work_dir') or osp.join(
        'work_dirs', osp.splitext(osp.basename(cfg.filename or ''))[0])


def start_or_resume(name: str, argv: List[str]) -> List[str]:
    """Arguments without a ``--resume`` that has nothing to go on from.

    The stock script drops ``load_from`` then, and a fine-tuning that was
    started with the command that also continues it would start from scratch.

    Args:
        name (str): The script; all but ``'train.py'`` are let through.
        argv (list[str]): Its arguments.

    Returns:
        list[str]: The arguments.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument('--work-dir')
    parser.add_argument('--resume', nargs='?', const='auto')
    args, _ = parser.parse_known_args(argv)
    if name != 'train.py' or args.resume != 'auto':
        return argv
    cfg = merged_config(argv)
    work_dir = _work_dir(args.work_dir, cfg)
    if last_checkpoint(work_dir) is not None:
        return argv
    start = cfg.get('load_from')
    print(f'{name}: there is nothing to resume in {work_dir}; the training '
          f'starts {f"from {start}" if start else "anew"}', file=sys.stderr)
    if '--resume' not in argv:
        return [each for each in argv if each != '--resume=auto']
    at = argv.index('--resume')
    return argv[:at] + argv[at + 1 + (argv[at + 1:at + 2] == ['auto']):]


def with_tta(name: str, argv: List[str]) -> List[str]:
    """Arguments of a test with ``--tta`` that any config can take.

    The stock script knows flips of upright boxes under mmdet's scope only.
    A config without ``tta_model`` or ``tta_pipeline`` is completed and
    passed on as a file of the same name.

    Args:
        name (str): The script; all but ``'test.py'`` are let through.
        argv (list[str]): Its arguments.

    Returns:
        list[str]: The arguments, perhaps with another config.

    Raises:
        SystemExit: If the model cannot be augmented; the text says why.
    """
    path = first_with_suffix(argv, CONFIG_SUFFIXES)
    if name != 'test.py' or '--tta' not in argv or not path:
        return argv
    try:
        cfg = add_tta(merged_config(argv))
    except ValueError as error:
        sys.exit(f'{name}: {error}')
    return exchange_config(argv, path, cfg)


def with_views(name: str, argv: List[str]) -> List[str]:
    """Arguments of ``browse_dataset.py`` for data sets of any items.

    The stock script draws items of one image. The training data of the
    config are wrapped in :class:`mmextra.datasets.ImageViews`.

    Args:
        name (str): The script; others are let through.
        argv (list[str]): Its arguments.

    Returns:
        list[str]: The arguments, perhaps with another config.
    """
    path = first_with_suffix(argv, CONFIG_SUFFIXES)
    if osp.basename(name) != 'browse_dataset.py' or not osp.isfile(path):
        return argv
    cfg = merged_config(argv)
    loader = cfg.get('train_dataloader')
    if not loader or 'dataset' not in loader:
        sys.exit(f'{name}: {path} has no train_dataloader.dataset to draw')
    loader.dataset = dict(
        type='mmdet.ImageViews', dataset=loader.dataset)
    if 'visualizer' not in cfg:
        cfg.visualizer = dict(type='mmdet.DetLocalVisualizer')
    # Already merged, and the data set lies deeper now.
    return exchange_config(without_options(argv), path, cfg)


def without_options(argv: List[str]) -> List[str]:
    """Arguments without ``--cfg-options`` and its values."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument('--cfg-options', nargs='+')
    return parser.parse_known_args(argv)[1]


def exchange_config(argv: List[str], path: str, cfg: Config) -> List[str]:
    """Arguments with another config in place of a file.

    Args:
        argv (list[str]): The arguments.
        path (str): The file among them.
        cfg (Config): Is written under the file's name into a folder that is
            gone when Python ends.

    Returns:
        list[str]: The arguments.
    """
    folder = tempfile.mkdtemp(prefix='mmextra_config_')
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    completed = osp.join(folder, osp.basename(path))
    cfg.dump(completed)
    return [completed if arg == path else arg for arg in argv]


def cpu_distributed_options(argv: List[str]) -> List[str]:
    """Options by which the stock Runner distributes without a GPU.

    It passes ``device_ids=[LOCAL_RANK]`` to the model wrapper, which a
    model on the CPU refuses; a ``model_wrapper_cfg`` overrides that. The
    other two values are those that it uses without such a config.

    Args:
        argv (list[str]): Arguments of the script.

    Returns:
        list[str]: Arguments to append; none if no config is named, which
        the script itself will tell.
    """
    if not first_with_suffix(argv, CONFIG_SUFFIXES):
        return []
    cfg = merged_config(argv)
    wrapper: Dict[str, Any] = dict(device_ids=None)
    if cfg.get('model_wrapper_cfg') is None:
        wrapper.update(
            type='MMDistributedDataParallel',
            broadcast_buffers=False,
            find_unused_parameters=cfg.get('find_unused_parameters', False))
    return ['--cfg-options'] + [
        f'model_wrapper_cfg.{key}={value}' for key, value in wrapper.items()]


def run_stock_tool(name: str) -> None:
    """Run a script of mmdet in this process, with ``sys.argv[1:]``.

    Call it under ``if __name__ == '__main__':``. Processes that a metric
    spawns import the calling file again, and would start over.

    Args:
        name (str): Path below mmdet's ``tools``, for example ``'train.py'``
            or ``'analysis_tools/get_flops.py'``.

    Raises:
        SystemExit: If a file is missing or a checkpoint is not whole; the
            text names it.
    """
    argv = sys.argv[1:]
    check_files(name, argv)
    check_checkpoints(name, argv)
    argv = start_or_resume(name, argv)
    argv = with_views(name, with_tta(name, argv))
    script = osp.join(stock_tools_dir(), name)
    by_torchrun = 'RANK' in os.environ and (
        '--launcher=pytorch' in argv or 'pytorch' in argv)
    if by_torchrun and not torch.cuda.is_available():
        # The Runner starts nccl, unless somebody was earlier.
        torch.distributed.init_process_group('gloo')
        argv += cpu_distributed_options(argv)
    sys.argv = [script] + argv
    sys.path.insert(0, osp.dirname(script))
    # Under torchrun an error becomes part of its closing summary.
    record(runpy.run_path)(script, run_name='__main__')
    if torch.distributed.is_initialized():
        # The scripts leave that to the end of Python, where the threads of
        # gloo now and then abort a process whose work is done. Models hold
        # the group in cycles of references.
        torch.distributed.destroy_process_group()
        gc.collect()
