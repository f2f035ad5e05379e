"""Measure rotated IoU against shapely, and rotated NMS against mmcv.

Accuracy on pairs with equal, collinear or touching sides, slivers and boxes
far from the origin; time for many pairs; NMS of one image's candidates, piled
on ships and spread over the image. All take turns in one process, and the
time of the process is taken. Without shapely 2 (pip install shapely) its
columns are left out.

Example:
    python tools/analysis_tools/benchmark_geometry.py --pairs 10000 1000000
"""
from typing import Dict, List, Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.geometry_speed import (
    find_shapely,
    iou_accuracy,
    iou_speed,
    nms_speed,
)
from mmextra.utils.command_line import (
    add_json_output,
    add_timing_options,
    fix_conditions,
    print_table,
    require_positive,
    save_rows,
    tool_parser,
)


def show(rows: List[dict], title: str) -> None:
    """Print rows of one form as a table."""
    print_table(list(rows[0]), [
        [value if isinstance(value, str) else f'{value:.2g}'
         if 0 < value < .01 else f'{value:.10g}' if isinstance(value, int)
         else f'{value:.1f}' for value in row.values()] for row in rows],
        title, 100)


def main(argv: Optional[Sequence[str]] = None) -> Dict[str, List[dict]]:
    """Command line; returns the rows of the three tables."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('--pairs', type=int, nargs='+',
                        default=[10000, 1000000], help='pairs to time')
    parser.add_argument('--accuracy-pairs', type=int, default=2000,
                        help='pairs of each kind to compare with shapely')
    parser.add_argument('--candidates', type=int, default=2000,
                        help='boxes before NMS')
    parser.add_argument('--ships', type=int, default=100,
                        help='that the candidates are piled on')
    add_timing_options(parser, device=False)
    add_json_output(parser)
    args = parser.parse_args(argv)
    require_positive(parser, args, 'rounds', 'threads', 'pairs', 'candidates',
                     'accuracy_pairs', 'ships')
    fix_conditions(args)
    rows = dict(
        accuracy=iou_accuracy(args.accuracy_pairs) if find_shapely() else [],
        iou=[iou_speed(pairs, args.rounds) for pairs in args.pairs],
        nms=[nms_speed(args.candidates, ships, args.rounds)
             for ships in (args.ships, None)])
    if rows['accuracy']:
        show(rows['accuracy'], 'Largest difference of the IoU from shapely')
    else:
        print('shapely 2 is not installed (pip install shapely)')
    show(rows['iou'], f'IoU of pairs, median of {args.rounds}')
    show(rows['nms'], f'NMS at 0.1, median of {args.rounds}')
    save_rows(args.out, rows)
    return rows


if __name__ == '__main__':
    main()
