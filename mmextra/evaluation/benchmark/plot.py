"""Pictures of a benchmark table."""
from pathlib import Path
from typing import Optional

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from .table import BenchmarkTable

PAPER_COLOR, MEASURED_COLOR = '#b8bcc4', '#2a6f97'


def draw_bars(table: BenchmarkTable, path: Path,
              metric: Optional[str] = None) -> None:
    """Draw one metric as horizontal bars, grouped by dataset.

    Args:
        table (BenchmarkTable): The table.
        path (Path): The picture to write; its suffix gives the format.
        metric (str, optional): Key of the column; by default the first.

    Raises:
        ValueError: If the table has no such column, or the format is
            unknown to matplotlib.
    """
    columns = {column.key: column for column in table.columns}
    if metric is not None and metric not in columns:
        raise ValueError(f'no metric {metric!r} in the table; it has '
                         f'{", ".join(columns)}')
    key = metric or next(iter(columns), None)
    records = [r for r in table.records if r.values.get(key) is not None]
    if not records:
        raise ValueError('there is nothing to plot: no row has a value of '
                         f'{key}')
    column = columns[key]
    figure = Figure(figsize=(9, 1.6 + 0.34 * len(records)),
                    layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    places = []
    for i, record in enumerate(records):
        fresh = i > 0 and record.dataset != records[i - 1].dataset
        places.append(places[-1] + 1 + 0.6 * fresh if places else 0)
        value = record.values[key]
        paper = record.kind == 'paper'
        axes.barh(places[-1], value, xerr=record.spreads.get(key),
                  color=PAPER_COLOR if paper else MEASURED_COLOR,
                  hatch='//' if record.synthetic else None, edgecolor='white')
        axes.text(value, places[-1], f' {value:.4g}', va='center', fontsize=8)
    axes.set_yticks(
        places,
        [f'{r.method}, {r.dataset}' for r in records], fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel(column.title + (f' [{column.unit}]'
                                    if column.unit else ''))
    figure.legend(
        handles=[
            Patch(color=PAPER_COLOR, label='paper'),
            Patch(color=MEASURED_COLOR, label='measured'),
            Patch(facecolor=MEASURED_COLOR, hatch='//', edgecolor='white',
                  label='measured, synthetic data')
        ],
        ncols=3, loc='outside upper right', fontsize=8, frameon=False)
    for side in ('top', 'right'):
        axes.spines[side].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
