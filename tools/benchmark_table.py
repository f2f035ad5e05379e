"""Merge the benchmark files of several runs into one table.

``BenchmarkHook`` leaves a ``benchmark.json`` in every work_dir. This tool
shows them together with the papers' rows, each under its own dataset's name,
and writes Markdown, CSV, a bar plot or the results of a metafile.

Examples:
    python tools/benchmark_table.py work_dirs
    python tools/benchmark_table.py work_dirs/larsd* --paper larsd --table 2
    python tools/benchmark_table.py work_dirs/a/benchmark.json --csv out.csv
    python tools/benchmark_table.py --keys coco/segm_mAP_50 \
        --mean "light=work_dirs/fold?" "R50=work_dirs/fold?-mask_rcnn_r50"
"""
from pathlib import Path
from typing import Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.evaluation.benchmark import (
    BenchmarkTable,
    draw_bars,
    find_files,
    load_runs,
    mean_table,
    parse_group,
    print_benchmark,
)
from mmextra.utils.command_line import one_line_errors, tool_parser
from mmextra.utils.files import write_atomic


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument(
        'inputs', nargs='*', metavar='INPUT',
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
    parser.add_argument(
        '--mean', nargs='+', metavar='LABEL=INPUT', default=[],
        help='instead: means over runs that differ in fold or seed, one row '
        'per label')
    parser.add_argument(
        '--keys', nargs='+', metavar='KEY', help='metrics of the means; by '
        'default those that all runs have')
    args = parser.parse_args(argv)
    if bool(args.inputs) == bool(args.mean):
        parser.error('give either work_dirs or --mean')
    with one_line_errors(parser):
        if args.mean:
            text = mean_table(dict(map(parse_group, args.mean)), args.keys)
            print(text, end='')
            if args.md:
                write_atomic(Path(args.md), text)
            return
    with one_line_errors(parser):
        table = BenchmarkTable(load_runs(find_files(args.inputs)),
                               args.paper, args.table)
        print_benchmark(table)
        for target, text in ((args.md, table.to_markdown),
                             (args.csv, table.to_csv),
                             (args.metafile, table.to_metafile)):
            if target:
                Path(target).parent.mkdir(parents=True, exist_ok=True)
                write_atomic(target, text())
        if args.plot:
            draw_bars(table, Path(args.plot), args.metric)


if __name__ == '__main__':
    main()
