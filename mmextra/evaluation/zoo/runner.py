"""Run the stages of a benchmark as processes, and survive their ends."""
import ctypes
import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Dict, List, Optional, Sequence

from .commands import (
    StageError,
    command,
    fingerprint,
    read_marker,
    stage_dir,
    weights_of,
    write_marker,
)
from .plan import Stage

LOG = 'log.txt'
# How much of a log's end is looked at.
TAIL = 16384
# FileNotFoundError: ..., or subprocess.CalledProcessError: ...
ERROR = re.compile(r'[\w.]*(Error|Exception|Interrupt)\b')
# How long processes of a killed benchmark may take to end.
PATIENCE = 60.
WAITING, RUNNING, DONE, KEPT, FAILED, BLOCKED = (
    'waiting', 'running', 'done', 'kept', 'failed', 'blocked')


@dataclass
class Run:
    """A stage and how it fares.

    Attributes:
        stage: The stage.
        state: ``'waiting'``, ``'running'``, ``'done'``, ``'kept'`` (from an
            earlier benchmark), ``'failed'`` or ``'blocked'`` (by a failure
            before it).
        reason: Why it failed or is blocked.
        log: What it printed.
        seconds: How long it took.
    """
    stage: Stage
    state: str = WAITING
    reason: str = ''
    log: Optional[Path] = None
    seconds: float = 0.
    started: float = 0.
    slot: int = 0
    process: Optional[subprocess.Popen] = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        """Whether what it leaves behind is there."""
        return self.state in (DONE, KEPT)


def _die_with_parent() -> None:
    """Linux: a killed benchmark must not leave trainings behind, which
    would write into the folders of the one that continues."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def failure_in(path: Path) -> str:
    """The error that a log ends with, or else its last line."""
    with open(path, 'rb') as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        lines = file.read().decode(errors='replace').splitlines()
    errors = [line for line in lines if ERROR.match(line)]
    return next((line.strip() for line in reversed(errors or lines)
                 if line.strip()), '')


class BenchmarkRunner:
    """Runs stages, several at a time, in the order that their needs allow.

    A stage that fails blocks those that need it, and no others.

    Args:
        stages (Sequence[Stage]): The stages, each after its needs.
        out (Path): The benchmark's folder.
        jobs (int): How many processes run at a time.
        resume (bool): Keep what an earlier benchmark completed, continue
            its trainings.
        gpus (Sequence[str]): GPUs to give to the processes in turn; by
            default each sees all.
        on_change (Callable): Called with each run whose state changed.

    Raises:
        ValueError: If the folder holds an earlier benchmark that shall not
            be resumed, or stages run with other settings.
    """

    def __init__(self,
                 stages: Sequence[Stage],
                 out: Path,
                 jobs: int = 1,
                 resume: bool = False,
                 gpus: Sequence[str] = (),
                 on_change=lambda run: None) -> None:
        self.out, self.jobs, self.resume = out, jobs, resume
        self.gpus = list(gpus)
        self.on_change = on_change
        self.runs: Dict[str, Run] = {
            stage.key: Run(stage) for stage in stages}
        self._lock: Optional[IO] = None
        self._check_earlier()

    def _check_earlier(self) -> None:
        for run in self.runs.values():
            marker = read_marker(self.out, run.stage)
            if not marker or run.stage.tool == 'data':
                continue
            folder = stage_dir(self.out, run.stage)
            if not self.resume:
                raise ValueError(
                    f'{folder} is of an earlier benchmark. Continue that one '
                    'with --resume, or name another folder with --out.')
            if marker.get('fingerprint') != fingerprint(run.stage):
                raise ValueError(
                    f'{folder} was made with another config or other '
                    'settings. Delete it to run it anew, or name another '
                    'folder with --out.')

    @property
    def running(self) -> List[Run]:
        """The runs whose processes are at work."""
        return [run for run in self.runs.values() if run.state == RUNNING]

    def weights(self, stage: Stage) -> Optional[Path]:
        """The weights that a stage takes.

        Raises:
            StageError: If they are missing or not whole.
        """
        if stage.weights is None:
            return None
        return weights_of(self.out, self.runs[stage.weights].stage)

    def run(self, on_tick=lambda: None) -> List[Run]:
        """Run everything.

        Args:
            on_tick (Callable): Called several times a second.

        Returns:
            List[Run]: All stages with their states.

        Raises:
            RuntimeError: If another benchmark is at work in the folder.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        with open(self.out / '.lock', 'w') as self._lock:
            self._acquire()
            try:
                while True:
                    self._collect()
                    self._start()
                    on_tick()
                    if not self.running:
                        break
                    time.sleep(0.2)
            finally:
                self._stop()
        return list(self.runs.values())

    def _acquire(self) -> None:
        """Lock the folder; the processes hold the lock as well."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise RuntimeError(
                        f'another benchmark, or a process it left behind, is '
                        f'at work in {self.out}. Wait for it or end it, or '
                        'name another folder with --out.') from None
                time.sleep(0.5)

    def _set(self, run: Run, state: str, reason: str = '') -> None:
        run.state, run.reason = state, reason
        self.on_change(run)

    def _start(self) -> None:
        for run in self.runs.values():
            if run.state != WAITING:
                continue
            needs = [self.runs[key] for key in run.stage.after]
            broken = [each for each in needs
                      if each.state in (FAILED, BLOCKED)]
            if broken:
                self._set(run, BLOCKED, f'needs {broken[0].stage.key}')
            elif all(each.ok for each in needs):
                if self._is_complete(run.stage):
                    run.seconds = read_marker(self.out, run.stage)['seconds']
                    self._set(run, KEPT)
                elif len(self.running) < self.jobs:
                    self._launch(run)

    def _is_complete(self, stage: Stage) -> bool:
        # Making data again costs nothing, and it may have been deleted.
        if stage.tool == 'data' or not read_marker(
                self.out, stage).get('complete'):
            return False
        if stage.weights and self.runs[stage.weights].state != KEPT:
            return False
        if stage.tool == 'test':
            return True
        try:
            weights_of(self.out, stage)
        except StageError:
            return False
        return True

    def _launch(self, run: Run) -> None:
        stage = run.stage
        folder = stage_dir(self.out, stage)
        folder.mkdir(parents=True, exist_ok=True)
        taken = [each.slot for each in self.running]
        run.slot = next(i for i in range(self.jobs) if i not in taken)
        run.log = folder / LOG
        run.started = time.monotonic()
        try:
            line = command(self.out, stage, self.weights(stage), self.resume)
            write_marker(self.out, stage, complete=False)
        except Exception as error:
            # A config that cannot be read must not end the others.
            self._set(run, FAILED, f'{type(error).__name__}: {error}')
            return
        with open(run.log, 'a') as log:
            log.write('+ ' + ' '.join(line) + '\n')
            log.flush()
            run.process = subprocess.Popen(
                line, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env=self._environment(run),
                pass_fds=[self._lock.fileno()],
                preexec_fn=_die_with_parent
                if sys.platform == 'linux' else None)
        self._set(run, RUNNING)

    def _environment(self, run: Run) -> Dict[str, str]:
        env = dict(os.environ, PYTHONUNBUFFERED='1')
        env.setdefault('MPLBACKEND', 'Agg')
        env.setdefault('OMP_NUM_THREADS',
                       str(max(1, (os.cpu_count() or 1) // self.jobs)))
        if self.gpus:
            env['CUDA_VISIBLE_DEVICES'] = self.gpus[run.slot %
                                                    len(self.gpus)]
        return env

    def _collect(self) -> None:
        for run in self.running:
            code = run.process.poll()
            if code is None:
                continue
            run.seconds = time.monotonic() - run.started
            if code == 0:
                self._finish(run)
            elif code < 0:
                self._set(run, FAILED,
                          f'killed by {signal.Signals(-code).name}')
            else:
                self._set(run, FAILED, failure_in(run.log) or
                          f'exit status {code}')

    def _finish(self, run: Run) -> None:
        stage = run.stage
        if stage.tool not in ('data', 'test'):
            try:
                weights_of(self.out, stage)
            except StageError as error:
                self._set(run, FAILED, str(error))
                return
        write_marker(self.out, stage, True, run.seconds)
        self._set(run, DONE)

    def _stop(self) -> None:
        """End the processes that are at work, kindly first."""
        for run in self.running:
            run.process.terminate()
        for run in self.running:
            try:
                run.process.wait(10)
            except subprocess.TimeoutExpired:
                run.process.kill()
                run.process.wait()
