"""Merge the rows of several runs into one table, with the papers' rows."""
import csv
import io
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional

import yaml

from ..references import (
    Reference,
    convert_unit,
    format_printed,
    format_value,
    get_reference,
    load_paper,
    table_rows,
)
from .compare import same_dataset
from .render import format_difference, markdown_table

DEFAULT_TASK = 'Object Detection'


def training_length(run: Mapping[str, Any]) -> Dict[str, Optional[int]]:
    """How long a run was trained, as a metafile has it.

    Args:
        run (Mapping[str, Any]): A row of ``benchmark.json``.

    Returns:
        Dict[str, int]: ``Epochs``, or ``Iterations`` of a training that is
        counted in those.
    """
    if run.get('iter') and not run.get('epoch'):
        return dict(Iterations=run['iter'])
    return dict(Epochs=run.get('epoch'))


@dataclass(frozen=True)
class Column:
    """A column of numbers.

    Attributes:
        key: The evaluator's metric key, or the paper's column name where no
            evaluator reports it.
        title: What stands above the column.
        unit: The unit of its numbers; None if not known.
        measured_unit: The unit in which the evaluator reports it.
    """
    key: str
    title: str
    unit: Optional[str] = None
    measured_unit: Optional[str] = None


@dataclass
class Record:
    """A line of the table, measured or from a paper.

    Attributes:
        kind: ``'measured'`` or ``'paper'``.
        method: Name of the run, or of the paper's row.
        dataset: Name of the dataset.
        split: The split, for a run.
        source: Config of a run, place of a paper's row.
        synthetic: Whether the data was generated.
        values: Column key to value in the column's unit.
        differences: Column key to measured minus paper.
        spreads: Column key to the standard deviation over seeds.
        run: The run's row, for a run.
    """
    kind: str
    method: str
    dataset: str
    split: str = ''
    source: str = ''
    synthetic: bool = False
    values: Dict[str, float] = field(default_factory=dict)
    differences: Dict[str, float] = field(default_factory=dict)
    spreads: Dict[str, float] = field(default_factory=dict)
    run: Optional[Dict[str, Any]] = None


def _references(runs, paper: Optional[str],
                table: Optional[str]) -> List[Reference]:
    if table is not None and paper is None:
        raise ValueError('a table needs the paper that it is from')
    if paper is not None:
        return load_paper(paper).rows if table is None else table_rows(
            paper, table)
    ids = dict.fromkeys(
        entry['reference'] for run in runs for entry in run['comparisons'])
    return [get_reference(each) for each in ids]


def _run_values(run: Dict[str, Any]) -> Dict[str, Optional[float]]:
    counts = {f'model/{k}': n for k, n in run.get('model', {}).items()}
    return {**run['measured'], **counts}


def _columns(references: List[Reference], runs: List[Dict[str, Any]],
             whole: bool) -> List[Column]:
    """Columns of the references' metrics that a run measured.

    All of them if ``whole`` or if the runs measured none; without
    references everything that the runs measured.
    """
    measured = dict.fromkeys(key for run in runs for key in run['measured'])
    if not references:
        return [Column(key, key) for key in measured]
    columns = {}
    for reference in references:
        for name, printed in reference.values.items():
            key = printed.metric_key or name
            title = name if printed.metric_key is None else (
                f'{name} ({printed.metric_key})')
            columns.setdefault(
                key, Column(key, title, printed.unit, printed.measured_unit))
    if whole:
        return list(columns.values())
    shown = [c for key, c in columns.items() if key in measured]
    return shown or list(columns.values())


class BenchmarkTable:
    """Runs and, as context, the papers' rows, sorted by dataset.

    Every line names its own dataset: a run on the paper's data follows the
    paper's rows on it and has differences; a run on any other data, such as
    synthetic data, stands in a group of its own.

    Args:
        runs (List[dict]): The runs, from ``load_runs``; their ``spread``,
            if any, is shown.
        paper (str, optional): Show this paper's rows. By default the rows
            that the runs refer to.
        table (str, optional): Only this table of the paper, with all its
            columns.

    Raises:
        ValueError: If the paper or table is unknown, or a table is given
            without its paper.
    """

    def __init__(self,
                 runs: List[Dict[str, Any]],
                 paper: Optional[str] = None,
                 table: Optional[str] = None) -> None:
        references = _references(runs, paper, table)
        self.columns = _columns(references, runs, table is not None)
        self.references = references
        records = [self._from_paper(reference) for reference in references]
        records = [record for record in records if record.values]
        records += [self._from_run(run) for run in runs]
        # Stable: within a dataset the paper's order, then the runs' order.
        names = list(dict.fromkeys(
            record.dataset for record in
            sorted(records, key=lambda r: (r.synthetic, r.kind != 'paper'))))
        self.records = sorted(
            records, key=lambda r: (names.index(r.dataset), r.kind != 'paper'))

    def _from_paper(self, reference: Reference) -> Record:
        columns = {column.key: column for column in self.columns}
        values = {}
        for name, printed in reference.values.items():
            column = columns.get(printed.metric_key or name)
            if column is not None:
                values[column.key] = convert_unit(printed.value, printed.unit,
                                                  column.unit)
        return Record('paper', reference.label, reference.dataset,
                      source=reference.source, values=values)

    def _from_run(self, run: Dict[str, Any]) -> Record:
        values = self._converted(_run_values(run))
        shown = {reference.id for reference in self.references}
        units = {column.key: column.unit for column in self.columns}
        differences, dataset = {}, run['dataset']
        for entry in run['comparisons']:
            if not entry['comparable']:
                continue
            dataset = entry['paper_dataset']
            if entry['difference'] is not None and entry['key'] in units \
                    and entry['reference'] in shown:
                differences.setdefault(
                    entry['key'], convert_unit(entry['difference'],
                                               entry['unit'],
                                               units[entry['key']]))
        return Record('measured', run['label'], dataset, run['split'],
                      run['config'], run['synthetic'],
                      values, differences,
                      self._converted(run.get('spread', {})), run)

    def _converted(self, measured: Dict[str, Optional[float]]
                   ) -> Dict[str, float]:
        """Measured numbers by column, in the columns' units."""
        values = {}
        for column in self.columns:
            value = measured.get(column.key)
            if value is None or column.unit and not column.measured_unit:
                continue
            values[column.key] = convert_unit(
                value, column.measured_unit,
                column.unit) if column.unit else value
        return values

    @property
    def header(self) -> List[str]:
        """Titles of the columns."""
        units = [c.title if c.unit in (None, 'count', 'number') else
                 f'{c.title} [{c.unit}]' for c in self.columns]
        return ['method', 'dataset', 'split', 'from', *units]

    def cells(self, record: Record) -> List[str]:
        """A line as text; a spread over seeds follows its value, then a
        difference in brackets."""
        numbers = []
        for column in self.columns:
            value = record.values.get(column.key)
            if record.kind == 'paper':
                text = '' if value is None else format_printed(
                    value, column.unit)
            else:
                text = format_value(value, column.unit)
            if column.key in record.spreads:
                spread = record.spreads[column.key]
                text += f' ± {format_value(spread, column.unit)}'
            if column.key in record.differences:
                text += ' ({})'.format(format_difference(
                    record.differences[column.key], column.unit))
            numbers.append(text)
        origin = f'paper: {record.source}' if record.kind == 'paper' else (
            'synthetic, measured' if record.synthetic else 'measured')
        return [record.method, record.dataset, record.split, origin, *numbers]

    def to_markdown(self) -> str:
        """The table in Markdown."""
        return markdown_table(self.header, map(self.cells, self.records))

    def to_csv(self) -> str:
        """The table as CSV, with plain numbers and separate differences."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator='\n')
        keys = [column.key for column in self.columns]
        units = [f'{c.key} [{c.unit}]' if c.unit else c.key
                 for c in self.columns]
        writer.writerow([
            'kind', 'method', 'dataset', 'split', 'synthetic', 'source',
            'epoch', 'iter', 'seed', 'checkpoint', *units,
            *(f'{key} minus paper' for key in keys)])
        for record in self.records:
            run = record.run or {}
            writer.writerow([
                record.kind, record.method, record.dataset, record.split,
                record.synthetic, record.source,
                *(run.get(k) for k in ('epoch', 'iter', 'seed',
                                       'checkpoint')),
                *(record.values.get(key) for key in keys),
                *(record.differences.get(key) for key in keys)])
        return text.getvalue()

    def to_metafile(self) -> str:
        """The measured results as an OpenMMLab metafile (YAML)."""
        return yaml.safe_dump(dict(Models=self.models()), sort_keys=False)

    def models(self) -> List[Dict[str, Any]]:
        """The measured results as the ``Models`` of a metafile.

        Shares are given in percent; results on synthetic data carry that
        data's own name.
        """
        models: Dict[str, Dict[str, Any]] = {}
        for record in self.records:
            if record.kind == 'paper':
                continue
            run, metrics = record.run, {}
            for column in self.columns:
                value = record.values.get(column.key)
                if value is None:
                    continue
                if column.unit in ('fraction', 'percent'):
                    value = convert_unit(value, column.unit, 'percent')
                name = column.title.split(' (')[0]
                metrics[name] = round(value, 4)
            model = models.setdefault(
                record.method,
                dict(
                    Name=record.method,
                    Config=run['config'],
                    Metadata=dict(
                        **training_length(run),
                        Parameters=run.get('model', {}).get('parameters')),
                    Results=[]))
            model['Results'].append(
                dict(
                    Task=self._task(record),
                    Dataset=record.dataset,
                    Metrics=metrics))
        return list(models.values())

    def _task(self, record: Record) -> str:
        if record.run['comparisons']:
            first = record.run['comparisons'][0]['reference']
            return get_reference(first).task
        return next((reference.task for reference in self.references
                     if same_dataset(record.dataset, reference)),
                    DEFAULT_TASK)
