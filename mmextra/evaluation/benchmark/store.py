"""The ``benchmark.json`` of a work_dir: read, merge, write in one piece."""
import json
import os
import warnings
from pathlib import Path
from typing import Any, Dict, List, Tuple

from mmextra.utils.files import write_atomic

from .render import rows_to_markdown

JSON_NAME = 'benchmark.json'
MARKDOWN_NAME = 'benchmark.md'
FORMAT = 'mmextra-benchmark'
VERSION = 1

ROW_TYPES = dict(name=str, dataset=str, split=str, synthetic=bool,
                 measured=dict, comparisons=list, config=str)
ENTRY_FIELDS = ('metric', 'key', 'unit', 'measured', 'paper', 'difference',
                'reference', 'source', 'method', 'paper_dataset',
                'comparable', 'reason', 'note')


class BenchmarkFileError(ValueError):
    """A file that is not a benchmark file of this package."""


def row_key(row: Dict[str, Any]) -> Tuple[str, str, str]:
    """What identifies a row: name, dataset and split."""
    return row['name'], row['dataset'], row['split']


def _check_row(row: Any, where: str) -> None:
    if not isinstance(row, dict):
        raise BenchmarkFileError(f'{where}: is not a mapping')
    for key, kind in ROW_TYPES.items():
        if not isinstance(row.get(key), kind):
            raise BenchmarkFileError(
                f'{where}: {key!r} must be a {kind.__name__}, got '
                f'{row.get(key)!r}')
    for key, value in row['measured'].items():
        if value is not None and not isinstance(value, (int, float)):
            raise BenchmarkFileError(
                f'{where}: measured {key!r} must be a number or null, got '
                f'{value!r}')
    for entry in row['comparisons']:
        if not isinstance(entry, dict) or any(
                field not in entry for field in ENTRY_FIELDS):
            raise BenchmarkFileError(
                f'{where}: a comparison lacks one of '
                f'{", ".join(ENTRY_FIELDS)}')


def read_rows(path: Path) -> List[Dict[str, Any]]:
    """Read the rows of a ``benchmark.json``.

    Args:
        path (Path): The file.

    Returns:
        List[Dict[str, Any]]: The rows.

    Raises:
        FileNotFoundError: If there is no such file.
        BenchmarkFileError: If it is not valid JSON, not written by
            ``BenchmarkHook``, of a later version, or lacks a field.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise BenchmarkFileError(f'{path}: not valid JSON: {error}') from error
    if not isinstance(content, dict) or content.get('format') != FORMAT:
        raise BenchmarkFileError(
            f'{path}: was not written by BenchmarkHook (no "format": '
            f'"{FORMAT}")')
    if content.get('version') != VERSION:
        raise BenchmarkFileError(
            f'{path}: has version {content.get("version")!r}, this mmextra '
            f'reads {VERSION}')
    rows = content.get('rows')
    if not isinstance(rows, list):
        raise BenchmarkFileError(f'{path}: "rows" must be a list')
    for i, row in enumerate(rows):
        _check_row(row, f'{path}: row {i}')
    return rows


def _move_aside(path: Path) -> Path:
    number = 1
    while path.with_name(f'{path.name}.old{number}').exists():
        number += 1
    target = path.with_name(f'{path.name}.old{number}')
    os.replace(path, target)
    return target


def save_row(out_dir: Path, row: Dict[str, Any]) -> Path:
    """Add a row to ``benchmark.json`` and render ``benchmark.md``.

    A row with the same name, dataset and split is replaced. A
    ``benchmark.json`` that cannot be read is kept under another name, with
    a warning.

    Args:
        out_dir (Path): The folder of the two files; made if missing.
        row (Dict[str, Any]): The row.

    Returns:
        Path: The JSON file.
    """
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    path = out_dir / JSON_NAME
    rows = []
    if path.exists():
        try:
            rows = read_rows(path)
        except BenchmarkFileError as error:
            kept = _move_aside(path)
            warnings.warn(f'{error}. It is kept as {kept.name} and a new '
                          'file is started.', stacklevel=2)
    keys = [row_key(old) for old in rows]
    if row_key(row) in keys:
        rows[keys.index(row_key(row))] = row
    else:
        rows.append(row)
    content = dict(format=FORMAT, version=VERSION, rows=rows)
    write_atomic(path, json.dumps(content, indent=2, allow_nan=False) + '\n')
    write_atomic(out_dir / MARKDOWN_NAME, rows_to_markdown(rows))
    return path
