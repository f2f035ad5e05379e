"""Benchmark rows in Markdown and on the terminal."""
from typing import Any, Dict, List, Optional, Sequence

from rich.markup import escape
from rich.table import Table

from mmextra.utils.command_line import log_console

from ..references import format_printed, format_value


def markdown_table(header: Sequence[str],
                   lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table.

    Args:
        header (Sequence[str]): The columns' titles.
        lines (Sequence[Sequence[str]]): The cells, one sequence per line.

    Returns:
        str: The table, ending in a newline.
    """

    def line(cells) -> str:
        escaped = (str(cell).replace('|', '\\|').replace('\n', ' ')
                   for cell in cells)
        return '| ' + ' | '.join(escaped) + ' |'

    rule = '|' + '---|' * len(header)
    return '\n'.join([line(header), rule, *map(line, lines)]) + '\n'


def format_difference(value: float, unit: str) -> str:
    """A difference as text, with its sign."""
    text = format_value(abs(value), unit)
    return f'{"-" if value < 0 else "+"}{text}'


def _with_unit(metric: str, unit: str) -> str:
    return metric if unit in ('number', 'count') else f'{metric} [{unit}]'


def _numbers(entry: Dict[str, Any]) -> List[str]:
    """Metric, measured value and paper's value as text."""
    unit = entry['unit']
    return [
        _with_unit(entry['metric'], unit),
        format_value(entry['measured'], unit),
        format_printed(entry['paper'], unit)
    ]


def _comparable(entries: List[Dict[str, Any]]) -> str:
    lines = [(*_numbers(e), 'n/a' if e['difference'] is None else
              format_difference(e['difference'], e['unit']),
              f'{e["source"]}, {e["method"]}') for e in entries]
    return markdown_table(
        ('metric', 'measured', 'paper', 'difference', 'source'), lines)


def _context(entries: List[Dict[str, Any]], dataset: str) -> str:
    lines = []
    for e in entries:
        metric, measured, paper = _numbers(e)
        lines.append((metric, measured, f'{paper} on {e["paper_dataset"]}',
                      f'{e["source"]}, {e["method"]}'))
    return markdown_table(('metric', f'measured on {dataset}',
                           'context: the paper, other data', 'source'), lines)


def _generator(marker: Dict[str, Any]) -> Optional[str]:
    if 'generator' not in marker:
        return None
    sizes = ', '.join(f'{number} {what.replace("_", " ")}' for what, number in
                      (marker.get('counts') or {}).items())
    text = f'{marker["generator"]}, seed {marker.get("seed")}'
    return f'{text} ({sizes})' if sizes else text


def _conditions(row: Dict[str, Any]) -> str:
    counts = row.get('model', {})
    shown = dict(
        config=row['config'],
        data=f'{row["dataset"]}, {row.get("ann_file") or row["split"]}',
        samples=row.get('samples'),
        generator=_generator(row.get('generator', {})),
        epoch=row.get('epoch'),
        iteration=row.get('iter'),
        seed=row.get('seed'),
        checkpoint=row.get('checkpoint'),
        processes=row.get('world_size'),
        parameters=f'{counts["parameters"]:,} ({counts["trainable"]:,} '
        'trainable)' if counts else None,
        versions=', '.join(
            f'{k} {v}' for k, v in row.get('versions', {}).items()) or None)
    return ''.join(f'- {key}: {value}\n' for key, value in shown.items()
                   if value is not None)


def _row_to_markdown(row: Dict[str, Any]) -> str:
    kind = ' (synthetic)' if row['synthetic'] else ''
    parts = [f'## {row["name"]} on {row["dataset"]}{kind}, {row["split"]}\n']
    if row.get('notice'):
        parts.append(f'**{row["notice"]}**\n')
    entries = [e for e in row['comparisons'] if e['key'] is not None]
    comparable = [e for e in entries if e['comparable']]
    context = [e for e in entries if not e['comparable']]
    if comparable:
        parts.append(_comparable(comparable))
    if context:
        parts.append(_context(context, row['dataset']))
    compared = {e['key'] for e in entries}
    others = [(key, format_value(value, None))
              for key, value in row['measured'].items()
              if key not in compared]
    if others:
        parts.append(markdown_table(('metric', 'measured'), others))
    remarks = dict.fromkeys(
        text for e in entries for text in (e['reason'], e['note']) if text)
    conditions = _conditions(row)
    conditions += ''.join(f'- note: {text}\n' for text in remarks)
    return '\n'.join([*parts, conditions])


def rows_to_markdown(rows: Sequence[Dict[str, Any]]) -> str:
    """Render the rows of one ``benchmark.json``.

    A result on the paper's data stands beside the paper's number with the
    difference; any other result, synthetic ones above all, stands under its
    own dataset's name with the paper's number as labelled context.

    Args:
        rows (Sequence[Dict[str, Any]]): The rows.

    Returns:
        str: The document.
    """
    return '\n'.join(['# Benchmark\n', *map(_row_to_markdown, rows)])


def print_benchmark(table: Any) -> None:
    """Print a table on the terminal; the papers' rows are dimmed.

    With more metrics than fit beside each other they are the rows.

    Args:
        table (BenchmarkTable): The table.
    """
    console = log_console()
    # What it would take unfolded; by itself a console measures its own width.
    options = console.options.update(max_width=100_000)

    def width(shown: Table) -> int:
        return console.measure(shown, options=options).maximum

    shown = _lines_of_runs(table)
    if width(shown) > console.width:
        shown = min(shown, _lines_of_metrics(table), key=width)
    console.print(shown)


def _style(record: Any) -> Optional[str]:
    return 'dim' if record.kind == 'paper' else None


def _lines_of_runs(table: Any) -> Table:
    shown = Table(show_lines=False, header_style='bold')
    for i, title in enumerate(table.header):
        shown.add_column(escape(title), overflow='fold',
                         justify='left' if i < 4 else 'right')
    previous = None
    for record in table.records:
        if previous is not None and record.dataset != previous:
            shown.add_section()
        previous = record.dataset
        shown.add_row(*map(escape, table.cells(record)),
                      style=_style(record))
    return shown


def _lines_of_metrics(table: Any) -> Table:
    columns = [table.header, *map(table.cells, table.records)]
    shown = Table(show_lines=False, header_style='bold')
    for record, (method, *_) in zip([None, *table.records], columns):
        shown.add_column(
            escape(method), overflow='fold',
            justify='right' if record else 'left',
            style=_style(record) if record else None)
    for number, cells in enumerate(list(zip(*columns))[1:]):
        if number == 3:
            shown.add_section()
        shown.add_row(*map(escape, cells))
    return shown
