"""What a benchmark measured, over all seeds, as one small JSON."""
import json
import os
import platform
import statistics
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import torch

from ..benchmark import find_files, load_runs, versions, write_atomic
from .engine import Run
from .run_stage import REPORT

FORMAT = 'mmextra-zoo'
VERSION = 1
JSON_NAME = 'results.json'
# What must be equal to take rows for the seeds of one experiment.
SAME = ('name', 'dataset', 'split')


class ResultsError(ValueError):
    """A file that does not hold results of this package."""


def mean_and_spread(values: Sequence[Optional[float]]) -> Dict[str, Any]:
    """Mean and sample standard deviation.

    Args:
        values (Sequence[float]): The values; None is no value.

    Returns:
        Dict[str, Any]: ``mean`` and ``spread``, None where there are not
        enough values, and ``values``.
    """
    known = [value for value in values if value is not None]
    return dict(
        mean=statistics.fmean(known) if known else None,
        spread=statistics.stdev(known) if len(known) > 1 else None,
        values=list(values))


def merge_seeds(rows: Sequence[Dict[str, Any]]) -> Dict[str, Any]:
    """One row of several seeds' rows about the same experiment.

    Args:
        rows (Sequence[Dict[str, Any]]): Rows of ``benchmark.json``.

    Returns:
        Dict[str, Any]: The first row with means in ``measured`` and
        ``comparisons``, ``spread`` and ``values`` by metric, and ``seeds``.
    """
    keys = dict.fromkeys(key for row in rows for key in row['measured'])
    merged = {
        key: mean_and_spread([row['measured'].get(key) for row in rows])
        for key in keys
    }
    entries = []
    for i, entry in enumerate(rows[0]['comparisons']):
        entry = dict(entry)
        for field in ('measured', 'difference'):
            values = [row['comparisons'][i][field] for row in rows]
            if None not in values:
                entry[field] = round(statistics.fmean(values), 6)
        entries.append(entry)
    first = {key: value for key, value in rows[0].items()
             if key not in ('seed', 'checkpoint', 'date', 'file')}
    return dict(
        first,
        label=rows[0]['name'],
        seeds=[row.get('seed') for row in rows],
        measured={key: each['mean'] for key, each in merged.items()},
        spread={key: each['spread'] for key, each in merged.items()
                if each['spread'] is not None},
        values={key: each['values'] for key, each in merged.items()},
        comparisons=entries)


def machine() -> Dict[str, Any]:
    """What the numbers were measured on."""
    model = ''
    if os.path.exists('/proc/cpuinfo'):
        with open('/proc/cpuinfo') as file:
            model = next((line.split(':', 1)[1].strip() for line in file
                          if line.startswith('model name')), '')
    gpus = [torch.cuda.get_device_name(i)
            for i in range(torch.cuda.device_count())]
    return dict(system=platform.system(), cpu=model or platform.machine(),
                cores=os.cpu_count(), gpus=gpus, versions=versions())


def _stage_summary(run: Run) -> Dict[str, Any]:
    return dict(key=run.stage.key, state=run.state, reason=run.reason,
                seconds=round(run.seconds, 1))


def collect(out: Path, runs: Sequence[Run],
            costs: Sequence[Dict[str, Any]] = (),
            quick: bool = False) -> Dict[str, Any]:
    """The results of a benchmark.

    Args:
        out (Path): Its folder.
        runs (Sequence[Run]): Its stages.
        costs (Sequence[Dict[str, Any]]): Rows of ``model_costs``.
        quick (bool): Whether the trainings were shortened.

    Returns:
        Dict[str, Any]: ``rows`` (one per config, dataset and split, over
        all seeds), ``reports`` (what they printed), ``stages``, ``machine``
        and ``quick``.
    """
    reports = [
        dict(paper=run.stage.paper, name=run.stage.key.rpartition('/')[2],
             text=(out / run.stage.key / REPORT).read_text(
                 encoding='utf-8', errors='replace').rstrip() + '\n')
        for run in runs if run.stage.is_report and run.ok]
    groups: Dict[tuple, List[Dict[str, Any]]] = {}
    problems = []
    for run in runs:
        if run.stage.tool != 'test' or not run.ok:
            continue
        try:
            found = load_runs(find_files([str(out / run.stage.key)]))
        except (OSError, ValueError) as error:
            problems.append(f'{run.stage.key}: {error}')
            continue
        for row in found:
            if row['mode'] == 'test':
                row = dict(row, paper=run.stage.paper, seed=run.stage.seed)
                key = (str(run.stage.config), *(row[name] for name in SAME))
                groups.setdefault(key, []).append(row)
    by_config = {
        row['config']: {key: value for key, value in row.items()
                        if key != 'config'}
        for row in costs
    }
    rows = [dict(merge_seeds(group), costs=by_config.get(key[0], {}))
            for key, group in groups.items()]
    return dict(
        format=FORMAT,
        version=VERSION,
        quick=quick,
        machine=machine(),
        rows=rows,
        reports=reports,
        stages=[_stage_summary(run) for run in runs],
        problems=problems)


def write_results(path: Path, results: Dict[str, Any]) -> None:
    """Write results as JSON."""
    write_atomic(path, json.dumps(results, indent=1, allow_nan=False) + '\n')


def read_results(path: Path) -> Dict[str, Any]:
    """Read results.

    Args:
        path (Path): The file.

    Returns:
        Dict[str, Any]: What :func:`collect` gave.

    Raises:
        FileNotFoundError: If there is no such file.
        ResultsError: If it was not written by this package.
    """
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ResultsError(f'{path}: not valid JSON: {error}') from error
    if not isinstance(content, dict) or (
            content.get('format'), content.get('version')) != (
                FORMAT, VERSION):
        raise ResultsError(
            f'{path}: was not written by tools/run_benchmark.py of this '
            f'version ("format": "{FORMAT}", "version": {VERSION})')
    return content
