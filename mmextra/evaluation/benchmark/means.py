"""Means over runs that differ in fold or seed."""
from statistics import mean, stdev
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from .render import markdown_table
from .runs import find_files, load_runs


def parse_group(text: str) -> Tuple[str, List[str]]:
    """A group of runs as the command line gives it.

    Args:
        text (str): ``LABEL=INPUT`` or ``LABEL=INPUT,INPUT``, inputs as
            :func:`~.runs.find_files` takes them.

    Returns:
        tuple[str, list[str]]: Label and inputs.

    Raises:
        ValueError: If either is missing.
    """
    label, sign, inputs = text.partition('=')
    found = [each for each in inputs.split(',') if each]
    if not (label and sign and found):
        raise ValueError(f'{text}: a mean needs LABEL=WORK_DIRS, for example '
                         '"LARSD=work_dirs/hit_uav_seed?"')
    return label, found


def mean_table(groups: Mapping[str, Sequence[str]],
               keys: Optional[Sequence[str]] = None) -> str:
    """Mean and standard deviation of every metric, one row per group.

    Args:
        groups (Mapping[str, Sequence[str]]): Label to inputs.
        keys (Sequence[str], optional): Metrics to show; by default those
            that all runs have.

    Returns:
        str: Markdown; the deviation is of the sample, behind a ``±``.

    Raises:
        FileNotFoundError, BenchmarkFileError: See
            :func:`~.runs.find_files` and :func:`~.runs.load_runs`.
        ValueError: If a run lacks a metric, or none is common to all.
    """
    runs = {label: load_runs(find_files(inputs))
            for label, inputs in groups.items()}
    every = [run for rows in runs.values() for run in rows]
    if keys is None:
        keys = [key for key in every[0]['measured']
                if all(_has(run, key) for run in every)]
        if not keys:
            raise ValueError('no metric is common to all of the runs')
    for run in every:
        missing = [key for key in keys if not _has(run, key)]
        if missing:
            raise ValueError(
                f'{run["file"]}: {run["name"]} has no {", ".join(missing)}; '
                f'it has {", ".join(run["measured"])}')
    return markdown_table(
        ['', 'runs', *keys],
        [[label, len(rows), *(_spread([run['measured'][key] for run in rows])
                              for key in keys)]
         for label, rows in runs.items()])


def _has(run: Dict[str, Any], key: str) -> bool:
    return run['measured'].get(key) is not None


def _spread(values: List[float]) -> str:
    text = f'{mean(values):.4g}'
    return f'{text} ± {stdev(values):.2g}' if len(values) > 1 else text
