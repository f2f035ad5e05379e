"""Parameters, multiply-adds, time and memory of models on their own data.

The models take turns in one process, with the first training batch and the
first test sample of their own configs. Compare models that share their data;
for models of any kind on equal images see benchmark_speed.py.

Example:
    python tools/analysis_tools/model_costs.py configs/larsd/synthetic.py
"""
from typing import List, Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.evaluation.speed import model_costs
from mmextra.utils.command_line import (
    add_cfg_options,
    add_json_output,
    add_timing_options,
    fix_conditions,
    print_table,
    require_positive,
    save_rows,
    tool_parser,
)

COLUMNS = {
    'parameters': ('parameters', ',d'),
    'macs': ('multiply-adds', ',d'),
    'train_step_ms': ('train step ms', '.1f'),
    'latency_ms': ('latency ms', '.1f'),
    'train_peak_mib': ('train MiB', '.1f'),
    'test_peak_mib': ('test MiB', '.1f'),
}


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the rows of ``model_costs``."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('configs', nargs='+')
    parser.add_argument('--checkpoints', nargs='+',
                        help='weights, one per config in order, or "none"')
    add_timing_options(parser)
    add_cfg_options(parser)
    add_json_output(parser)
    args = parser.parse_args(argv)
    require_positive(parser, args, 'rounds', 'threads')
    checkpoints = [None if each == 'none' else each
                   for each in args.checkpoints or ['none'] * len(
                       args.configs)]
    if len(checkpoints) != len(args.configs):
        parser.error(f'{len(args.configs)} configs but {len(checkpoints)} '
                     'checkpoints')
    fix_conditions(args)
    rows = model_costs(args.configs, checkpoints, args.rounds, args.device,
                       args.cfg_options)
    print_table(
        ('config', *(title for title, _ in COLUMNS.values())),
        [(row['config'], *('n/a' if row.get(key) is None else format(
            row[key], digits) for key, (_, digits) in COLUMNS.items()))
         for row in rows],
        f'{args.device}, {args.threads} threads, median of {args.rounds}',
        140)
    for row in rows:
        for problem in row['problems']:
            print(f'{row["config"]}: {problem}')
    save_rows(args.out, rows)
    return rows


if __name__ == '__main__':
    main()
