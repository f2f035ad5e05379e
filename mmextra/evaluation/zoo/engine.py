"""Run the stages of a benchmark with Snakemake.

Snakemake orders them, runs what can run at a time, leaves out what is
complete, goes on after a failure with all that does not need it, and sends
jobs to a cluster if a profile says so. Here are the command line of it, and
how the stages fared.
"""
import hashlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from mmengine.config import Config

from mmextra.utils import config_root
from mmextra.utils.files import write_json

from .manifest import NAME
from .plan import Stage
from .run_stage import (
    DETECTIONS,
    DONE,
    FAILED,
    MARKER,
    RECORD,
    REPORT,
    RUNNING,
    StageError,
    die_with_parent,
    weights_of,
)

KEPT, BLOCKED = 'kept', 'blocked'
ROOT = config_root().parent
SNAKEFILE = Path(__file__).with_name('Snakefile')
PLAN = 'plan.json'
# Seconds that processes of a killed benchmark may take to end.
PATIENCE = 60.
INSTALL = ('run_benchmark needs Snakemake, which is not installed; '
           'python -m pip install -e ".[bench]" brings it (Python 3.11)')


@dataclass
class Run:
    """A stage and how it fared.

    Attributes:
        stage: The stage.
        state: ``'done'``, ``'kept'`` (from an earlier benchmark),
            ``'failed'`` or ``'blocked'`` (by a failure before it).
        reason: Why it failed or is blocked.
        seconds: How long it took.
    """
    stage: Stage
    state: str
    reason: str = ''
    seconds: float = 0.

    @property
    def ok(self) -> bool:
        """Whether what it leaves behind is there."""
        return self.state in (DONE, KEPT)


def fingerprint(stage: Stage) -> str:
    """What a stage's result depends on, apart from code and weights."""
    content = '' if stage.config is None else json.dumps(
        Config.fromfile(stage.config)._cfg_dict.to_dict(), sort_keys=True,
        default=repr)
    facts = [stage.tool, stage.seed, stage.weights, stage.into,
             dict(stage.options), stage.args, content]
    return hashlib.sha256(
        json.dumps(facts, default=repr).encode()).hexdigest()


def describe(stage: Stage) -> Dict[str, Any]:
    """A stage as the plan's file has it.

    A config that cannot be read must not end the others: its error is the
    stage's ``problem``.
    """
    described = dict(asdict(stage), fingerprint='', problem='')
    try:
        described['fingerprint'] = fingerprint(stage)
    except Exception as error:
        described['problem'] = f'{type(error).__name__}: {error}'
    return described


def read_record(out: Path, key: str) -> Dict[str, Any]:
    """What a stage noted about itself; empty if nothing."""
    try:
        return json.loads((out / key / RECORD).read_text())
    except (OSError, ValueError):
        return {}


def check_earlier(out: Path, stages: Dict[str, dict], resume: bool) -> None:
    """Refuse a folder that holds another benchmark.

    Raises:
        ValueError: If it shall not be resumed, or stages were run with
            other settings.
    """
    for key, stage in stages.items():
        record = read_record(out, key)
        if not record or stage['tool'] == 'data' or stage['is_report']:
            continue
        if not resume:
            raise ValueError(
                f'{out / key} is of an earlier benchmark. Continue that one '
                'with --resume, or name another folder with --out.')
        if record.get('fingerprint') != stage['fingerprint']:
            raise ValueError(
                f'{out / key} was made with another config or other '
                'settings. Delete it to run it anew, or name another '
                'folder with --out.')


def check_scripts(stages: Sequence[Stage]) -> None:
    """Refuse stages whose script is not there, before any has run.

    Raises:
        ValueError: If a script of a stage or a report is missing.
    """
    for stage in stages:
        if stage.tool not in ('data', 'train', 'test') and not (
                ROOT / stage.tool).is_file():
            raise ValueError(
                f'{stage.key}: there is no {ROOT / stage.tool}. The "tool" '
                f'in the {NAME} of {stage.paper} must be the path of a '
                'script of this project, from its root.')


def forget_what_is_lost(out: Path, stages: Dict[str, dict]) -> None:
    """Take the marker from stages whose results may be gone.

    Making data again costs nothing, and it may have been deleted. A report
    is made again if it would read other stages.
    """
    for key, stage in stages.items():
        marker = out / key / MARKER
        if not marker.exists():
            continue
        try:
            if stage['tool'] == 'data':
                marker.unlink()
            elif stage['is_report']:
                if not (out / key / REPORT).is_file() or read_record(
                        out, key).get('fingerprint') != stage['fingerprint']:
                    marker.unlink()
            elif stage['tool'] == 'test':
                if stage['keeps_detections'] and not (
                        out / key / DETECTIONS).is_file():
                    marker.unlink()
            else:
                weights_of(out, stage)
        except StageError:
            marker.unlink()


def snakemake(out: Path, jobs: int, profile: Optional[str],
              display: bool) -> int:
    """Run Snakemake on the plan in a folder until nothing is left to do.

    Args:
        out (Path): The folder.
        jobs (int): How many jobs at a time.
        profile (str, optional): A profile of Snakemake's, for a cluster.
        display (bool): Draw what runs; else the stages tell.

    Returns:
        int: Its exit status.
    """
    line = [
        sys.executable, '-m', 'snakemake', '--snakefile', str(SNAKEFILE),
        '--directory', str(out), '--config', f'plan={out / PLAN}',
        '--keep-going', '--rerun-incomplete', '--rerun-triggers', 'mtime',
        # Ours ends with this process, also if that is killed.
        '--nolock', '--cores', str(jobs), '--resources', f'gpu={jobs}']
    if profile:
        line += ['--profile', profile, '--jobs', str(jobs)]
    if display and importlib.util.find_spec('snakemake_logger_plugin_rich'):
        line += ['--logger', 'rich']
    elif not display and not profile:
        # The stages tell, here and not on another machine.
        line += ['--quiet', 'all']
    process = subprocess.Popen(line, start_new_session=True,
                               preexec_fn=die_with_parent)
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            # Kindly first: Snakemake itself would wait for its jobs.
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def run_stages(stages: Sequence[Stage], out: Path, *, jobs: int = 1,
               resume: bool = False, gpus: Sequence[str] = (),
               profile: Optional[str] = None,
               display: bool = False) -> List[Run]:
    """Run stages, several at a time, in the order that their needs allow.

    A stage that fails blocks those that need it, and no others.

    Args:
        stages (Sequence[Stage]): The stages, each after its needs.
        out (Path): The benchmark's folder.
        jobs (int): How many processes run at a time.
        resume (bool): Keep what an earlier benchmark completed, continue
            its trainings.
        gpus (Sequence[str]): GPUs to give to the processes in turn; by
            default each sees all.
        profile (str, optional): A profile of Snakemake's: its folder or
            name, for example one that sends the stages to Slurm.
        display (bool): Draw what runs, for a terminal; else a line for
            every stage that begins or ends.

    Returns:
        List[Run]: All stages with their states.

    Raises:
        ValueError: If the folder holds an earlier benchmark that shall not
            be resumed, stages run with other settings, or a script is
            missing.
        RuntimeError: If another benchmark is at work in the folder, or
            Snakemake is missing or begins nothing.
    """
    if importlib.util.find_spec('snakemake') is None:
        raise RuntimeError(INSTALL)
    from filelock import FileLock, Timeout
    check_scripts(stages)
    out = out.resolve()
    described = {stage.key: describe(stage) for stage in stages}
    check_earlier(out, described, resume)
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / '.lock', timeout=PATIENCE):
            forget_what_is_lost(out, described)
            kept = {key for key in described
                    if (out / key / MARKER).exists()}
            before = {key: read_record(out, key) for key in described}
            write_json(out / PLAN, dict(
                root=str(ROOT), cwd=os.getcwd(), out=str(out), jobs=jobs,
                gpus=list(gpus), resume=resume, lines=not display,
                stages=described), default=str)
            code = snakemake(out, jobs, profile, display)
    except Timeout:
        raise RuntimeError(
            f'another benchmark is at work in {out}. Wait for it or end it, '
            'or name another folder with --out.') from None
    if code and all(read_record(out, key) == before[key] for key in before):
        raise RuntimeError('Snakemake has begun no stage; what it printed '
                           f'above, and {out / ".snakemake" / "log"}, tell '
                           'why')
    runs: Dict[str, Run] = {}
    for stage in stages:
        runs[stage.key] = _outcome(
            out, stage, before[stage.key], stage.key in kept, runs)
    return list(runs.values())


def _outcome(out: Path, stage: Stage, before: Dict[str, Any], kept: bool,
             earlier: Dict[str, Run]) -> Run:
    """How a stage fared; ``earlier`` are those that it may need."""
    record = read_record(out, stage.key)
    new = record != before
    broken = next((key for key in stage.after if not earlier[key].ok), None)
    if broken and (stage.is_report or broken == stage.weights):
        # What it left in an earlier benchmark is of weights that are lost.
        return Run(stage, BLOCKED, f'needs {broken}')
    if (out / stage.key / MARKER).exists():
        return Run(stage, KEPT if kept and not new else DONE,
                   seconds=record.get('seconds', 0.))
    if new and record.get('state') == FAILED:
        return Run(stage, FAILED, record['reason'], record['seconds'])
    if new and record.get('state') in (RUNNING, DONE):
        return Run(stage, FAILED, 'killed, or its machine was lost')
    return Run(stage, BLOCKED, f'needs {broken}') if broken else Run(
        stage, FAILED, f'not run; see {out / ".snakemake" / "log"}')
