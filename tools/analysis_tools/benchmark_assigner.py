"""Compare the speed of label assignment on the same priors and boxes.

LARSD's assigner needs one table of shapes and boxes, the stock one the
rotated IoU of every prior and box. Both take turns in one process, so
whatever else the machine does hits both alike.

Example:
    python tools/analysis_tools/benchmark_assigner.py --objects 5 20 100
"""
from pathlib import Path
from typing import List, Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.assigner_speed import assigner_speed
from mmextra.utils.command_line import (
    add_json_output,
    add_timing_options,
    fix_conditions,
    print_table,
    require_positive,
    save_rows,
    tool_parser,
)

MODELS = Path(__file__).resolve().parents[2] / 'configs/_base_/models'


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the rows of ``assigner_speed``."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('--objects', type=int, nargs='+',
                        default=[5, 20, 100], help='ground truths per image')
    parser.add_argument('--size', type=int, default=512)
    parser.add_argument('--orphans', action='store_true',
                        help='ships of 2 x 1 pixels, each of which has to '
                        'look for the nearest location')
    add_timing_options(parser, device=False)
    add_json_output(parser)
    args = parser.parse_args(argv)
    require_positive(parser, args, 'rounds', 'size', 'threads', 'objects')
    fix_conditions(args)
    rows = [assigner_speed(MODELS, args.size, objects, args.rounds,
                           args.orphans)
            for objects in args.objects]
    print_table(
        ('objects', 'SameCenterAssigner ms', 'MaxIoUAssigner ms', 'ratio'),
        [(str(row['objects']), f'{row["same_center_ms"]:.2f}',
          f'{row["max_iou_ms"]:.1f}', f'{row["ratio"]:.0f}') for row in rows],
        f'{args.size} x {args.size}, {args.threads} threads, median of '
        f'{args.rounds}', 100, ['right'] * 4)
    save_rows(args.out, rows)
    return rows


if __name__ == '__main__':
    main()
