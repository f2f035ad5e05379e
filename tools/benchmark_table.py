"""Merge the benchmark files of several runs into one table.

``BenchmarkHook`` leaves a ``benchmark.json`` in every work_dir. This tool
shows them together with the papers' rows, each under its own dataset's name,
and writes Markdown, CSV, a bar plot or the results of a metafile.

Examples:
    python tools/benchmark_table.py work_dirs
    python tools/benchmark_table.py work_dirs/larsd* --paper larsd --table 2
    python tools/benchmark_table.py work_dirs/a/benchmark.json --csv out.csv
"""
import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmextra.evaluation.benchmark import (
    BenchmarkTable,
    draw_bars,
    find_files,
    load_runs,
    write_atomic,
)


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'inputs', nargs='+', metavar='INPUT',
        help='work_dirs, folders of work_dirs, benchmark.json files or globs')
    parser.add_argument(
        '--paper', help='show all rows of this paper, for example larsd; by '
        'default the rows that the runs name as their reference')
    parser.add_argument(
        '--table', help='only this table of the paper, for example 4')
    parser.add_argument('--csv', metavar='FILE', help='write the table here')
    parser.add_argument('--md', metavar='FILE', help='write the table here')
    parser.add_argument(
        '--plot', metavar='FILE', help='draw a bar plot (.png, .svg, .pdf)')
    parser.add_argument(
        '--metric', help='metric key to plot; by default the first column')
    parser.add_argument(
        '--metafile', metavar='FILE',
        help='write the measured results as OpenMMLab metafile models (YAML)')
    return parser.parse_args(argv)


def show(table: BenchmarkTable, console: Console) -> None:
    """Print the table; the papers' rows are dimmed.

    Args:
        table (BenchmarkTable): The table.
        console (Console): Where to print.
    """
    shown = Table(show_lines=False, header_style='bold')
    for i, title in enumerate(table.header):
        shown.add_column(escape(title), overflow='fold',
                         justify='left' if i < 4 else 'right')
    previous = None
    for record in table.records:
        if previous is not None and record.dataset != previous:
            shown.add_section()
        previous = record.dataset
        style = 'dim' if record.kind == 'paper' else None
        shown.add_row(*map(escape, table.cells(record)), style=style)
    console.print(shown)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Run the tool.

    Args:
        argv (Sequence[str], optional): The arguments; by default those of
            the command line.

    Raises:
        SystemExit: With a message, if an input is missing, empty or
            malformed, or a paper, table or metric is unknown.
    """
    args = parse_args(argv)
    try:
        table = BenchmarkTable(load_runs(find_files(args.inputs)),
                               args.paper, args.table)
        console = Console()
        if not console.is_terminal:
            # A log file has no width; 80 columns would fold every number.
            console = Console(width=200)
        show(table, console)
        for target, text in ((args.md, table.to_markdown),
                             (args.csv, table.to_csv),
                             (args.metafile, table.to_metafile)):
            if target:
                Path(target).parent.mkdir(parents=True, exist_ok=True)
                write_atomic(Path(target), text())
        if args.plot:
            draw_bars(table, Path(args.plot), args.metric)
    except (OSError, ValueError) as error:
        raise SystemExit(f'benchmark_table: {error}') from error


if __name__ == '__main__':
    main()
