"""Count weights, state and arithmetic of configs, beside the paper's Table 1.

Research only, not a medical device.

"weights" are the parameters, "state" all numbers of a checkpoint (weights,
running statistics and counters of batch normalisation), which the paper
counts. For the truncated models the paper printed the state of the full model
less that of the deleted stages ("paper's way"): the FPN's lateral
convolution then still has the full model's channels, so that the network
cannot be built. For ResNet50's classifier it also counted the deleted mask
head.

Examples:
    python tools/analysis_tools/count_params.py --table1
    python tools/analysis_tools/count_params.py CONFIG --shape 512 512
"""
from pathlib import Path
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.parameters import count_parameters, table1
from mmextra.utils.command_line import (
    add_json_output,
    print_table,
    save_rows,
    tool_parser,
)

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


def text_of(value: object) -> str:
    """A cell of the table."""
    if value is None:
        return '-'
    return format(value, ',d' if isinstance(value, int) else
                  '.2f' if isinstance(value, float) else '')


def main(argv: Optional[List[str]] = None) -> List[dict]:
    """Command line; returns the rows."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('configs', nargs='*', type=Path)
    parser.add_argument('--table1', action='store_true',
                        help="the paper's 14 models")
    parser.add_argument('--shape', nargs=2, type=int,
                        metavar=('HEIGHT', 'WIDTH'),
                        help='also count operations for this input')
    add_json_output(parser)
    args = parser.parse_args(argv)
    if args.table1 == bool(args.configs):
        parser.error('give configs, or --table1')
    absent = [str(path) for path in args.configs if not path.is_file()]
    if absent:
        parser.error(f'no such file: {", ".join(absent)}')
    rows = table1(CONFIGS, args.shape) if args.table1 else [
        count_parameters(path, CONFIGS, args.shape) for path in args.configs]
    keys = list(rows[0])
    print_table(keys, [[text_of(row[key]) for key in keys] for row in rows],
                'Research only, not a medical device', 120,
                ['left'] + ['right'] * (len(keys) - 1))
    save_rows(args.out, rows)
    return rows


if __name__ == '__main__':
    main()
