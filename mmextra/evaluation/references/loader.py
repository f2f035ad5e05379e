"""The numbers that the papers print, read from ``<paper>.yml``.

One file holds one paper::

    paper: larsd                    # equals the file's name
    title: ...
    authors: ...
    link: arXiv:2007.12326          # or null
    datasets:
      HRSC2016: {task: ..., samples: 444, aliases: [HRSC]}
    tables:
      '2':                          # or text, for numbers of the text
        name: Table II              # as printed; default "Table <key>"
        caption: ...
        note: ...                   # about every row
        metrics:                    # the columns that hold numbers
          AP: {unit: percent, metric_key: voc07/AP50,
               measured_unit: fraction, note: ...}
        rows:
          - {row: LARSD-3, label: ..., dataset: HRSC2016, ours: true,
             values: {AP: 87.2}, settings: {points: 9}, note: ...}

``samples`` is the size of the split that the paper tests on,
``metric_key`` the name under which an evaluator of this package reports the
same quantity (in ``measured_unit``), ``ours`` tells the paper's own models
from the methods it compares with, ``settings`` are the row's columns that
describe and do not measure. A row's id is
``<paper>/table<key>/<row>/<dataset>``, or ``<paper>/text/<row>/<dataset>``.
"""
import math
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, Sequence

import yaml

from mmextra.utils.checks import check_choice, check_keys, nearest

from .rows import Paper, Reference, ReferenceValue
from .units import UNITS, same_quantity

FOLDER = Path(__file__).parent
# What an id may be made of, so that it needs no quoting in a shell.
ID_PART = re.compile(r'[A-Za-z0-9_.+-]+')

PAPER_FIELDS = ('paper', 'title', 'authors', 'link', 'datasets', 'tables')
DATASET_FIELDS = ('task', ), ('samples', 'aliases')
TABLE_FIELDS = ('caption', 'metrics', 'rows'), ('name', 'note')
METRIC_FIELDS = ('unit', ), ('metric_key', 'measured_unit', 'note')
ROW_FIELDS = ('row', 'dataset', 'ours', 'values'), ('label', 'settings',
                                                    'note')


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML that refuses a key given twice, instead of keeping the last."""

    def construct_mapping(self, node: yaml.MappingNode,
                          deep: bool = False) -> dict:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=deep)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f'key {key!r} is given twice',
                    key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _check_fields(given: Any, required: Sequence[str],
                  optional: Sequence[str], where: str) -> None:
    if not isinstance(given, dict):
        raise ValueError(f'{where}: expected a mapping, got {given!r}')
    missing = [key for key in required if key not in given]
    if missing:
        raise ValueError(f'{where}: field {missing[0]!r} is missing')
    check_keys(where, given, (*required, *optional))


def _check_metric(metric: Any, where: str) -> None:
    _check_fields(metric, *METRIC_FIELDS, where)
    for key in ('unit', 'measured_unit'):
        check_choice(f'{where}: {key}', metric.get(key), (*UNITS, None))
    if (metric.get('metric_key') is None) != (
            metric.get('measured_unit') is None):
        raise ValueError(f'{where}: metric_key and measured_unit go together')
    if metric.get('measured_unit') and not same_quantity(
            metric['measured_unit'], metric['unit']):
        raise ValueError(f'{where}: {metric["measured_unit"]} cannot be '
                         f'converted to {metric["unit"]}')


def _parse_values(row: dict, metrics: dict,
                  where: str) -> Dict[str, ReferenceValue]:
    if not isinstance(row['values'], dict) or not row['values']:
        raise ValueError(f'{where}: values must be a mapping with at least '
                         f'one number, got {row["values"]!r}')
    values = {}
    for name, value in row['values'].items():
        check_choice(f'{where}: metric', name, metrics)
        if isinstance(value, bool) or not isinstance(
                value, (int, float)) or not math.isfinite(value):
            raise ValueError(f'{where}: {name} must be a finite number, got '
                             f'{value!r}')
        values[name] = ReferenceValue(value=value, **metrics[name])
    return values


def _parse_row(row: Any, key: str, table: dict, paper: dict,
               where: str) -> Reference:
    _check_fields(row, *ROW_FIELDS, where)
    where = f'{where} ({row["row"]})'
    for part in (row['row'], row['dataset']):
        if not isinstance(part, str) or not ID_PART.fullmatch(part):
            raise ValueError(f'{where}: {part!r} cannot stand in an id; use '
                             'letters, digits and _ . + -')
    check_choice(f'{where}: dataset', row['dataset'], paper['datasets'])
    if not isinstance(row['ours'], bool):
        raise ValueError(f'{where}: ours must be true or false, got '
                         f'{row["ours"]!r}')
    dataset = paper['datasets'][row['dataset']]
    place = key if key == 'text' else f'table{key}'
    printed = table.get('name', f'Table {key}')
    notes = (row.get('note'), table.get('note'))
    return Reference(
        id=f'{paper["paper"]}/{place}/{row["row"]}/{row["dataset"]}',
        paper=paper['paper'],
        table=key,
        source=f'{paper["paper"]}, {printed}',
        row=row['row'],
        label=row.get('label', row['row']),
        dataset=row['dataset'],
        dataset_names=(row['dataset'], *dataset.get('aliases', ())),
        samples=dataset.get('samples'),
        task=dataset['task'],
        ours=row['ours'],
        values=_parse_values(row, table['metrics'], where),
        settings=row.get('settings', {}),
        note=' '.join(note for note in notes if note))


def read_paper(path: Path) -> Paper:
    """Read and check one file of references.

    Args:
        path (Path): The YAML file.

    Returns:
        Paper: Its content.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not valid YAML, gives a key or an id
            twice, lacks a field, or names an unknown field, unit, metric or
            dataset. The message names the file and the place.
    """
    path = Path(path)
    try:
        with open(path, encoding='utf-8') as file:
            content = yaml.load(file, Loader=_UniqueKeyLoader)
    except yaml.YAMLError as error:
        raise ValueError(f'{path.name}: not valid YAML: {error}') from error
    _check_fields(content, PAPER_FIELDS, (), path.name)
    if content['paper'] != path.stem:
        raise ValueError(f'{path.name}: paper is {content["paper"]!r} but '
                         'must equal the name of the file')
    for name, dataset in content['datasets'].items():
        _check_fields(dataset, *DATASET_FIELDS, f'{path.name}: dataset {name}')
    tables, captions, ids = {}, {}, set()
    for key, table in content['tables'].items():
        where = f'{path.name}: table {key}'
        if not isinstance(key, str):
            raise ValueError(f'{where}: write the key in quotes')
        _check_fields(table, *TABLE_FIELDS, where)
        for name, metric in table['metrics'].items():
            _check_metric(metric, f'{where}, metric {name}')
        rows = tuple(
            _parse_row(row, key, table, content, f'{where}, row {i}')
            for i, row in enumerate(table['rows'], 1))
        for row in rows:
            if row.id in ids:
                raise ValueError(f'{where}: id {row.id} is given twice')
            ids.add(row.id)
        tables[key] = rows
        captions[key] = table['caption']
    return Paper(content['paper'], content['title'], content['authors'],
                 content['link'], tables, captions)


def papers() -> List[str]:
    """The keys of the papers, sorted."""
    return sorted(path.stem for path in FOLDER.glob('*.yml'))


@lru_cache(maxsize=None)
def load_paper(paper: str) -> Paper:
    """One paper's numbers; the file is read once.

    Args:
        paper (str): Key of the paper, for example ``'larsd'``.

    Returns:
        Paper: Its content.

    Raises:
        ValueError: If there is no such paper; the message names all.
    """
    check_choice('paper', paper, papers())
    return read_paper(FOLDER / f'{paper}.yml')


def get_reference(reference: str) -> Reference:
    """The row that an id names.

    Args:
        reference (str): ``<paper>/table<key>/<row>/<dataset>``, for example
            ``'larsd/table4/LARSD-11/HRSC2016'``.

    Returns:
        Reference: The row.

    Raises:
        ValueError: If the id is unknown; the message names the closest id
            and all ids of the paper.
    """
    rows = load_paper(str(reference).split('/')[0]).rows
    found = {row.id: row for row in rows}
    if reference not in found:
        listed = '\n  '.join(found)
        raise ValueError(
            f'no reference {reference!r}{nearest(reference, found)}\n'
            f'Legal ids of this paper:\n  {listed}')
    return found[reference]


def table_rows(paper: str, table: str) -> List[Reference]:
    """The rows of one table.

    Args:
        paper (str): Key of the paper.
        table (str): Key of the table, for example ``'4'``, or ``'text'``.

    Returns:
        List[Reference]: The rows in the paper's order.

    Raises:
        ValueError: If there is no such paper or table.
    """
    tables = load_paper(paper).tables
    return list(tables[check_choice(f'table of {paper}', str(table),
                                    tables)])
