"""The command of a stage, and whether it has run already."""
import hashlib
import json
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, List, Optional

from mmengine.config import Config

from mmextra.utils import config_root
from mmextra.utils.checkpoint_files import (
    checkpoint_problem,
    last_checkpoint,
    usable_checkpoints,
)

from ..benchmark import write_atomic
from .plan import Stage

ROOT = config_root().parent
MARKER = 'stage.json'
SCRIPT_OUTPUT = 'weights.pth'


class StageError(RuntimeError):
    """Why a stage cannot be started."""


def option_text(value: Any) -> str:
    """A value as ``--cfg-options`` reads it."""
    if isinstance(value, (list, tuple)):
        return '[' + ','.join(map(option_text, value)) + ']'
    return str(value)


def options_of(stage: Stage, weights: Optional[Path] = None) -> List[str]:
    """The stage's ``--cfg-options``."""
    options = {'randomness.seed': stage.seed, **stage.options}
    if weights:
        options[stage.into] = weights
    return ['--cfg-options'] + [
        f'{key}={option_text(value)}' for key, value in options.items()]


def stage_dir(out: Path, stage: Stage) -> Path:
    """Where a stage leaves its files."""
    return out / stage.key


def weights_of(out: Path, stage: Stage) -> Path:
    """The weights that a stage that has run left behind.

    Args:
        out (Path): The benchmark's folder.
        stage (Stage): A training or a script.

    Returns:
        Path: The file.

    Raises:
        StageError: If it left none, or they are not whole.
    """
    folder = stage_dir(out, stage)
    path = last_checkpoint(folder) if stage.tool == 'train' else (
        folder / SCRIPT_OUTPUT)
    problem = 'no checkpoint' if path is None else checkpoint_problem(path)
    if problem:
        raise StageError(f'{stage.key} left no weights: {path or folder}: '
                         f'{problem}')
    return path


def command(out: Path, stage: Stage, weights: Optional[Path],
            resume: bool) -> List[str]:
    """The command line of a stage.

    Args:
        out (Path): The benchmark's folder.
        stage (Stage): The stage.
        weights (Path, optional): What it starts from or tests.
        resume (bool): Continue a training that was interrupted.

    Returns:
        List[str]: The arguments, this Python first.
    """
    folder, config = stage_dir(out, stage), str(stage.config)
    tools = ROOT / 'tools'
    if stage.tool == 'data':
        return [sys.executable, str(tools / 'make_synthetic.py'), *stage.args]
    if stage.tool == 'test':
        return [sys.executable, str(tools / 'test.py'), config, str(weights),
                '--work-dir', str(folder), *stage.args, *options_of(stage)]
    if stage.tool == 'train':
        # Of a training cut off while it saved, the last file is no good.
        usable = usable_checkpoints(folder) if resume else []
        resume_from = ['--resume', str(usable[0])] if usable else []
        return [sys.executable, str(tools / 'train.py'), config,
                '--work-dir', str(folder), *resume_from, *stage.args,
                *options_of(stage, weights)]
    places = dict(config=config, weights=str(weights),
                  output=str(folder / SCRIPT_OUTPUT))
    return [sys.executable, str(ROOT / stage.tool),
            *(arg.format(**places) for arg in stage.args)]


def fingerprint(stage: Stage) -> str:
    """What a stage's result depends on, apart from code and weights."""
    content = '' if stage.config is None else json.dumps(
        Config.fromfile(stage.config)._cfg_dict.to_dict(), sort_keys=True,
        default=repr)
    facts = [stage.tool, stage.seed, stage.weights, stage.into,
             dict(stage.options),
             stage.args, content]
    return hashlib.sha256(
        json.dumps(facts, default=repr).encode()).hexdigest()


def read_marker(out: Path, stage: Stage) -> dict:
    """What an earlier benchmark wrote about a stage; empty if nothing."""
    try:
        return json.loads((stage_dir(out, stage) / MARKER).read_text())
    except (OSError, ValueError):
        return {}


def write_marker(out: Path, stage: Stage, complete: bool,
                 seconds: float = 0.) -> None:
    """Note that a stage was started, or that it is complete."""
    folder = stage_dir(out, stage)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(
        folder / MARKER,
        json.dumps(
            dict(
                fingerprint=fingerprint(stage),
                complete=complete,
                seconds=round(seconds, 1),
                date=datetime.now(timezone.utc).isoformat(
                    timespec='seconds')),
            indent=1) + '\n')
