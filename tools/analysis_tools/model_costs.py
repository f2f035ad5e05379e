"""Parameters, multiply-adds, time and memory of models on their own data.

The models take turns in one process, with the first training batch and the
first test sample of their own configs. Compare models that share their data;
for models of any kind on equal images see benchmark_speed.py.

Example:
    python tools/analysis_tools/model_costs.py configs/larsd/synthetic.py
"""
import argparse
import json
import sys
from pathlib import Path
from typing import List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import mmextra  # noqa: E402, F401 isort: skip
import torch  # noqa: E402
from mmengine.config import DictAction  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from mmextra.evaluation.benchmark import write_atomic  # noqa: E402
from mmextra.evaluation.speed import model_costs  # noqa: E402

COLUMNS = {
    'parameters': ('parameters', ',d'),
    'macs': ('multiply-adds', ',d'),
    'train_step_ms': ('train step ms', '.1f'),
    'latency_ms': ('latency ms', '.1f'),
    'train_peak_mib': ('train MiB', '.1f'),
    'test_peak_mib': ('test MiB', '.1f'),
}


def show(rows: List[dict]) -> None:
    table = Table(title=f'{rows[0]["device"]}, {rows[0]["threads"]} threads, '
                  f'median of {rows[0]["rounds"]}')
    for title in ('config', *(title for title, _ in COLUMNS.values())):
        table.add_column(title)
    for row in rows:
        table.add_row(row['config'], *(
            'n/a' if row.get(key) is None else format(row[key], digits)
            for key, (_, digits) in COLUMNS.items()))
    console = Console(width=140)
    console.print(table)
    for row in rows:
        for problem in row['problems']:
            console.print(f'{row["config"]}: {problem}', markup=False)


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the rows of ``model_costs``."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='+')
    parser.add_argument('--checkpoints', nargs='+',
                        help='weights, one per config in order, or "none"')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction,
                        default={})
    parser.add_argument('--out', type=Path, help='write the rows as JSON')
    args = parser.parse_args(argv)
    if min(args.rounds, args.threads) < 1:
        parser.error('all numbers must be positive')
    checkpoints = [None if each == 'none' else each
                   for each in args.checkpoints or ['none'] * len(
                       args.configs)]
    if len(checkpoints) != len(args.configs):
        parser.error(f'{len(args.configs)} configs but {len(checkpoints)} '
                     'checkpoints')
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    rows = model_costs(args.configs, checkpoints, args.rounds, args.device,
                       args.cfg_options)
    show(rows)
    if args.out:
        write_atomic(args.out, json.dumps(rows, indent=1) + '\n')
    return rows


if __name__ == '__main__':
    main()
