"""The display of a benchmark at work."""
import re
import time
from types import TracebackType
from typing import Dict, Optional, Type

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from .runner import BLOCKED, DONE, FAILED, KEPT, RUNNING, TAIL, Run

# What mmengine logs: Epoch(train)  [1][ 10/120]  lr: ...  eta: 0:01:02 ...
STEP = re.compile(r'(?:Epoch|Iter)\((\w+)\)\s+((?:\[[\d\s/]+\])+)')
ETA = re.compile(r'eta: ((?:\d+ days?, )?\S+)')
STYLES = {DONE: 'green', KEPT: 'green', FAILED: 'bold red',
          BLOCKED: 'yellow'}



def latest_step(text: str) -> str:
    """What a log says last about its progress.

    Args:
        text (str): The log, or its end.

    Returns:
        str: For example ``'train [1][10/120], 0:01:02 to go'``; empty if
        it says nothing.
    """
    for line in reversed(text.splitlines()):
        step = STEP.search(line)
        if step:
            place = re.sub(r'\s', '', step.group(2))
            eta = ETA.search(line)
            return f'{step.group(1)} {place}' + (
                f', {eta.group(1)} to go' if eta else '')
    return ''


class ProgressDisplay:
    """Shows what runs, and a line for every stage that ends.

    Args:
        total (int): Number of stages.
        console (Console): Where to show it. If that is no terminal, lines
            only.
    """

    def __init__(self, total: int, console: Console) -> None:
        self.console = console
        self.progress = Progress(
            TextColumn('{task.description}'), BarColumn(),
            MofNCompleteColumn(), TimeElapsedColumn(),
            TextColumn('{task.fields[step]}'), console=console,
            disable=not console.is_terminal)
        self.all = self.progress.add_task('benchmark', total=total, step='')
        self.tasks: Dict[str, TaskID] = {}
        self.running: Dict[str, Run] = {}
        self.looked = 0.

    def __enter__(self) -> 'ProgressDisplay':
        self.progress.__enter__()
        return self

    def __exit__(self, kind: Optional[Type[BaseException]],
                 value: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.progress.__exit__(kind, value, trace)

    def change(self, run: Run) -> None:
        """Show a new state of a run."""
        key = run.stage.key
        if run.state == RUNNING:
            self.running[key] = run
            self.tasks[key] = self.progress.add_task(
                escape(key), total=None, step='')
            if not self.console.is_terminal:
                self._say(f'start    {key}')
            return
        self.running.pop(key, None)
        if key in self.tasks:
            self.progress.remove_task(self.tasks.pop(key))
        self.progress.advance(self.all)
        text = f'{run.state:8} {key}'
        if run.state in (DONE, KEPT):
            text += f' ({run.seconds:.0f} s)'
        if run.reason:
            text += f': {run.reason}'
        if run.state == FAILED and run.log:
            text += f' (log: {run.log})'
        self._say(text, STYLES[run.state])

    def _say(self, text: str, style: Optional[str] = None) -> None:
        # Not wrapped: a log file has no width.
        self.console.print(text, style=style, markup=False, highlight=False,
                           soft_wrap=True)

    def tick(self) -> None:
        """Look what the running stages say, once a second."""
        if not self.console.is_terminal or \
                time.monotonic() - self.looked < 1:
            return
        self.looked = time.monotonic()
        for key, run in self.running.items():
            with open(run.log, 'rb') as file:
                file.seek(max(0, run.log.stat().st_size - TAIL))
                text = file.read().decode(errors='replace')
            self.progress.update(self.tasks[key], step=latest_step(text))
