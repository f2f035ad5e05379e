"""A whole benchmark: stages, costs, results and the page."""
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict, List, Sequence

from rich.console import Console
from rich.markdown import Markdown

from .engine import BLOCKED, KEPT, ROOT, Run, run_stages
from .page import write_page
from .plan import make_plan, reports_of
from .results import JSON_NAME, collect, write_results
from .run_stage import StageError, weights_of

COSTS = ROOT / 'tools' / 'analysis_tools' / 'model_costs.py'


def measure_costs(out: Path, runs: Sequence[Run],
                  console: Console) -> List[Dict[str, Any]]:
    """Measure what the tested models cost, paper by paper.

    Args:
        out (Path): The benchmark's folder.
        runs (Sequence[Run]): How its stages fared.
        console (Console): Where to say what failed.

    Returns:
        List[Dict[str, Any]]: Rows of ``model_costs``.
    """
    stages = {run.stage.key: run.stage for run in runs}
    papers: Dict[str, Dict[str, str]] = {}
    for run in runs:
        if run.stage.tool == 'test' and run.ok:
            try:
                weights = weights_of(out, asdict(stages[run.stage.weights]))
            except StageError:
                continue
            papers.setdefault(run.stage.paper, {}).setdefault(
                str(run.stage.config), str(weights))
    rows = []
    for paper, models in papers.items():
        console.print(f'measuring {len(models)} models of {paper}')
        target = out / paper / 'costs.json'
        target.unlink(missing_ok=True)
        log = target.with_suffix('.log')
        with open(log, 'w') as file:
            subprocess.run(
                [sys.executable, str(COSTS), *models, '--checkpoints',
                 *models.values(), '--out', str(target)],
                stdout=file, stderr=subprocess.STDOUT, check=False)
        if target.is_file():
            rows += json.loads(target.read_text())
        else:
            console.print(f'failed, see {log}', style='bold red')
    return rows


def _tell(run: Run, console: Console) -> None:
    """What the stages have not told themselves."""
    text = f'{run.state:8} {run.stage.key}'
    if run.state == KEPT:
        text += f' ({run.seconds:.0f} s)'
    elif run.reason:
        text += f': {run.reason}'
    # Not wrapped: a log file has no width.
    console.print(text, markup=False, highlight=False, soft_wrap=True,
                  style='green' if run.ok else 'yellow'
                  if run.state == BLOCKED else 'bold red')


def run_benchmark(configs: Sequence[Path], out: Path, console: Console, *,
                  seeds: int = 1, quick: bool = False,
                  **kwargs) -> List[Run]:
    """Run everything and write the page.

    Args:
        configs (Sequence[Path]): See :func:`choose_configs`.
        out (Path): Folder of everything.
        console (Console): Where to show it.
        seeds (int): Number of seeds, from 0 on.
        quick (bool): Shorten the trainings.
        kwargs: See :func:`run_stages`.

    Returns:
        List[Run]: How the stages fared.

    Raises:
        ValueError: If a config or a manifest is not as it must be, or the
            folder belongs to another benchmark.
        RuntimeError: If another benchmark is at work in the folder, or
            Snakemake is missing.
    """
    stages = make_plan(configs, seeds, quick)
    console.print(f'{len(configs)} configs, {len(stages)} stages, in {out}',
                  highlight=False)
    for folder, name, missing in () if quick else reports_of(configs):
        if missing:
            console.print(f'report {name} of {folder.name} left out: needs '
                          + ', '.join(missing), highlight=False)
    runs = run_stages(stages, out, display=console.is_terminal, **kwargs)
    for run in runs:
        if console.is_terminal or run.state in (KEPT, BLOCKED):
            _tell(run, console)
    results = collect(out, runs, measure_costs(out, runs, console), quick)
    write_results(out / JSON_NAME, results)
    page = write_page(out, results)
    console.print(Markdown(page[0].read_text()))
    console.print('\n'.join(map(str, page)), highlight=False)
    return runs
