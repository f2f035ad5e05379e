"""A paper's results with what the models cost, beside the paper's rows."""
import csv
import io
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from ..benchmark import BenchmarkTable
from ..benchmark.render import markdown_table
from ..benchmark.table import Record
from ..references import convert_unit, get_reference


class Cost(NamedTuple):
    """A column of costs: its key, title, factor and digits."""
    key: str
    title: str
    factor: float
    digits: str


COSTS = (
    Cost('parameters', 'parameters [M]', 1e-6, '.3g'),
    Cost('macs', 'multiply-adds [G]', 1e-9, '.3g'),
    Cost('train_step_ms', 'train step [ms]', 1, '.0f'),
    Cost('latency_ms', 'latency [ms]', 1, '.0f'),
    Cost('test_peak_mib', 'peak memory [MiB]', 1, '.0f'),
)


def cost_of(row: Dict[str, Any], key: str) -> Optional[float]:
    """One of a row's costs; None if it was not measured."""
    costs = row.get('costs') or {}
    if key == 'parameters' and key not in costs:
        return row.get('model', {}).get('parameters')
    return costs.get(key)


class ZooTable:
    """The rows of one paper.

    Args:
        rows (List[Dict[str, Any]]): Rows of the results, over all seeds.
    """

    def __init__(self, rows: List[Dict[str, Any]]) -> None:
        self.rows = rows
        self.table = BenchmarkTable(rows)

    @property
    def records(self) -> List[Record]:
        """The lines: the measured ones and, as context, the paper's."""
        return self.table.records

    @property
    def header(self) -> List[str]:
        """Titles of the columns."""
        return [*self.table.header, 'seeds', *(c.title for c in COSTS)]

    def cells(self, record: Record) -> List[str]:
        """A line as text."""
        if record.run is None:
            return [*self.table.cells(record), *([''] * (1 + len(COSTS)))]
        costs = []
        for cost in COSTS:
            value = cost_of(record.run, cost.key)
            costs.append('n/a' if value is None else format(
                value * cost.factor, cost.digits))
        return [*self.table.cells(record), str(len(record.run['seeds'])),
                *costs]

    def to_markdown(self) -> str:
        """The table in Markdown."""
        return markdown_table(self.header, map(self.cells, self.records))


def as_printed(value: Optional[float],
               entry: Optional[Dict[str, Any]]) -> Optional[float]:
    """A measured value in the unit of the paper's number.

    Args:
        value (float, optional): The value, as the evaluator gives it.
        entry (Dict[str, Any], optional): The comparison with the paper.

    Returns:
        float: The value; as it is without comparison.
    """
    if value is None or entry is None:
        return value
    printed = get_reference(entry['reference']).values[entry['metric']]
    return convert_unit(value, printed.measured_unit, printed.unit)


def to_csv(papers: Dict[str, Sequence[Dict[str, Any]]]) -> str:
    """All results as CSV, one number per line.

    Args:
        papers (Dict[str, Sequence[Dict[str, Any]]]): The rows by paper.

    Returns:
        str: Lines of paper, config, dataset, metric, mean, spread, number of
        seeds and the paper's own number where it is about the same metric.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(['paper', 'name', 'config', 'dataset', 'synthetic',
                     'split', 'metric', 'unit', 'mean', 'spread', 'seeds',
                     'in the paper', 'paper\'s dataset', 'reference'])
    for paper, rows in papers.items():
        for row in rows:
            place = [paper, row['name'], row['config'], row['dataset'],
                     row['synthetic'], row['split']]
            printed = {entry['key']: entry for entry in row['comparisons']
                       if entry['key']}
            for key, mean in row['measured'].items():
                entry = printed.get(key)
                writer.writerow([
                    *place, key, entry['unit'] if entry else '',
                    as_printed(mean, entry),
                    as_printed(row['spread'].get(key), entry),
                    len(row['seeds']),
                    *((entry['paper'], entry['paper_dataset'],
                       entry['reference']) if entry else ('', '', ''))
                ])
            for cost in COSTS:
                value = cost_of(row, cost.key)
                if value is not None:
                    writer.writerow([*place, cost.key, '', value, None, 1,
                                     '', '', ''])
    return text.getvalue()
