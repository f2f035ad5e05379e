"""One stage of a benchmark, as a job of Snakemake: ``PLAN KEY``.

Runs the stage's command, keeps what it prints and notes how it fared. Needs
the standard library alone: importing the package would cost each stage
seconds.
"""
import contextlib
import ctypes
import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

PACKAGE = Path(__file__).resolve().parents[2]
CHECKPOINTS = runpy.run_path(str(PACKAGE / 'utils' / 'checkpoint_files.py'))
# Written into the folder of a stage: how it fared, what it printed, and,
# for Snakemake, that it is complete.
RECORD, LOG, MARKER = 'stage.json', 'log.txt', 'done'
SCRIPT_OUTPUT = 'weights.pth'
# What a test found, and what a report printed.
DETECTIONS, REPORT = 'detections.pkl', 'report.txt'
# What a report reads of configs, or, in a plan, of stages.
KINDS = ('config', 'weights', 'detections', 'results')
PLACE = re.compile(rf'\{{({"|".join(KINDS)}):([^{{}}]+)\}}')
# Stands for the seed among the values of options.
SEED = '{seed}'
# How much of a log's end is looked at.
TAIL = 16384
# FileNotFoundError: ..., or subprocess.CalledProcessError: ...
ERROR = re.compile(r'[\w.]*(Error|Exception|Interrupt)\b')
RUNNING, DONE, FAILED = 'running', 'done', 'failed'
# Locks last as long as they are referred to.
HELD: List[Any] = []


class StageError(RuntimeError):
    """Why a stage has failed."""


def die_with_parent() -> None:
    """Linux: a killed benchmark must not leave trainings behind, which
    would write into the folders of the one that continues."""
    if sys.platform == 'linux':
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def weights_of(out: Path, stage: Mapping[str, Any]) -> Path:
    """The weights that a stage that has run left behind.

    Args:
        out (Path): The benchmark's folder.
        stage (Mapping): A training or a script, see :class:`Stage`.

    Returns:
        Path: The file.

    Raises:
        StageError: If it left none, or they are not whole.
    """
    folder = out / stage['key']
    path = CHECKPOINTS['last_checkpoint'](folder) \
        if stage['tool'] == 'train' else folder / SCRIPT_OUTPUT
    problem = 'no checkpoint' if path is None else \
        CHECKPOINTS['checkpoint_problem'](path)
    if problem:
        raise StageError(f'{stage["key"]} left no weights: {path or folder}: '
                         f'{problem}')
    return path


def left_behind(plan: Mapping[str, Any], kind: str, key: str) -> Path:
    """What a report reads of another stage.

    Raises:
        StageError: If it is not there.
    """
    out = Path(plan['out'])
    if kind == 'weights':
        return weights_of(out, plan['stages'][key])
    path = out / key / (DETECTIONS if kind == 'detections' else '')
    if not path.exists():
        raise StageError(f'{path} is not there; delete {out / key} to test '
                         'anew')
    return path


def option_text(value: Any) -> str:
    """A value as ``--cfg-options`` reads it."""
    if isinstance(value, (list, tuple)):
        return '[' + ','.join(map(option_text, value)) + ']'
    return str(value)


def command(plan: Mapping[str, Any], stage: Mapping[str, Any],
            weights: Optional[Path]) -> List[str]:
    """The command line of a stage.

    Args:
        plan (Mapping): ``root``, the project; ``out``, the benchmark's
            folder; ``resume``, whether to continue a training that was
            interrupted.
        stage (Mapping): The stage, see :class:`Stage`.
        weights (Path, optional): What it starts from or tests.

    Returns:
        List[str]: The arguments, this Python first.
    """
    tool, folder = stage['tool'], Path(plan['out'], stage['key'])
    config, args = str(stage['config']), list(stage['args'])
    options = {'randomness.seed': stage['seed'], **stage['options']}
    if tool == 'data':
        script, line = 'tools/make_synthetic.py', args
    elif tool in ('train', 'test'):
        script, line = f'tools/{tool}.py', [config]
        if tool == 'test':
            line += [str(weights)]
        line += ['--work-dir', str(folder)]
        if stage['keeps_detections']:
            line += ['--out', str(folder / DETECTIONS)]
        if tool == 'train' and plan['resume']:
            # Of a training cut off while it saved, the last file is no good.
            usable = CHECKPOINTS['usable_checkpoints'](folder)
            line += ['--resume', str(usable[0])] if usable else []
        if tool == 'train' and weights:
            options[stage['into']] = weights
        line += [*args, '--cfg-options', *(
            f'{key}={option_text(stage["seed"] if value == SEED else value)}'
            for key, value in options.items())]
    elif stage['is_report']:
        script, line = tool, [
            PLACE.sub(lambda place: str(left_behind(plan, *place.groups())),
                      arg) for arg in args]
    else:
        places = dict(config=config, weights=str(weights),
                      output=str(folder / SCRIPT_OUTPUT))
        script, line = tool, [arg.format(**places) for arg in args]
    return [sys.executable, str(Path(plan['root'], script)), *line]


def failure_in(path: Path) -> str:
    """The error that a log ends with, or else its last line."""
    with open(path, 'rb') as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        lines = file.read().decode(errors='replace').splitlines()
    errors = [line for line in lines if ERROR.match(line)]
    return next((line.strip() for line in reversed(errors or lines)
                 if line.strip()), '')


def environment(plan: Mapping[str, Any],
                stage: Mapping[str, Any]) -> Dict[str, str]:
    """The variables of a stage's process."""
    env = dict(os.environ, PYTHONUNBUFFERED='1')
    env.setdefault('MPLBACKEND', 'Agg')
    env.setdefault('OMP_NUM_THREADS', str(max(
        1, (os.cpu_count() or 1) // plan['jobs'])))
    if stage['is_report']:
        # What it prints is for a page.
        env.pop('FORCE_COLOR', None)
    elif plan['gpus']:
        env['CUDA_VISIBLE_DEVICES'] = take_gpu(plan)
    return env


def take_gpu(plan: Mapping[str, Any]) -> str:
    """A GPU that is free, until this process ends.

    Snakemake counts GPUs and knows no names of them. With more jobs than
    GPUs they take turns.
    """
    from filelock import FileLock, Timeout
    for slot in range(plan['jobs']):
        lock = FileLock(Path(plan['out'], f'.slot{slot}.lock'), timeout=0)
        try:
            lock.acquire()
        except Timeout:
            continue
        HELD.append(lock)
        return plan['gpus'][slot % len(plan['gpus'])]
    raise StageError(f'all {plan["jobs"]} places of {plan["out"]} are taken')


def run(plan: Mapping[str, Any], stage: Mapping[str, Any]) -> None:
    """Run a stage.

    Args:
        plan (Mapping): What ``run_stages`` wrote.
        stage (Mapping): The stage.

    Raises:
        StageError: If it fails.
    """
    out = Path(plan['out'])
    if stage['problem']:
        raise StageError(stage['problem'])
    weights = stage['weights'] and weights_of(
        out, plan['stages'][stage['weights']])
    line = command(plan, stage, weights)
    path = out / stage['key'] / LOG
    with contextlib.ExitStack() as files:
        log = files.enter_context(open(path, 'a'))
        log.write('+ ' + ' '.join(line) + '\n')
        log.flush()
        printed = files.enter_context(
            open(path.with_name(REPORT), 'w')) if stage['is_report'] else log
        process = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=printed,
            stderr=log, env=environment(plan, stage),
            preexec_fn=die_with_parent)
        # The process ends kindly, and this one tells how.
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        code = process.wait()
    if code < 0:
        raise StageError(f'killed by {signal.Signals(-code).name}')
    if code:
        raise StageError(failure_in(path) or f'exit status {code}')
    if stage['tool'] not in ('data', 'test') and not stage['is_report']:
        weights_of(out, stage)


def main(plan_file: str, key: str) -> int:
    """Run a stage and note how it fared; returns the exit status."""
    die_with_parent()
    plan = json.loads(Path(plan_file).read_text())
    # Paths are seen from where the benchmark was started.
    os.chdir(plan['cwd'])
    stage, began = plan['stages'][key], time.time()
    folder = Path(plan['out'], key)
    folder.mkdir(parents=True, exist_ok=True)

    def note(state: str, reason: str = '') -> None:
        seconds = round(time.time() - began, 1)
        partial = folder / f'.{RECORD}.tmp'
        partial.write_text(json.dumps(dict(
            fingerprint=stage['fingerprint'], state=state, reason=reason,
            began=began, seconds=seconds)) + '\n')
        os.replace(partial, folder / RECORD)
        if plan['lines']:
            tail = f' ({seconds:.0f} s)' if state == DONE else \
                f': {reason} (log: {folder / LOG})' if reason else ''
            word = 'start' if state == RUNNING else state
            # One write: with PYTHONUNBUFFERED print() writes the line's end
            # apart, and stages beside each other share the terminal.
            print(f'{word:8} {key}{tail}\n', end='', flush=True)

    note(RUNNING)
    try:
        run(plan, stage)
    except StageError as error:
        note(FAILED, str(error))
        return 1
    note(DONE)
    (folder / MARKER).touch()
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
