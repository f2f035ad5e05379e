"""Compare RoIAlign on a CPU: mmcv's loop, and BagRoIAlign.

Features of random RoIs of a random map, alone and with the map's gradient.
Both take turns in one process, and the time of the process is taken.

Example:
    python tools/analysis_tools/benchmark_roi_align.py --rois 1000
"""
from typing import List, Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.roi_speed import RoISizes, roi_align_speed
from mmextra.utils.command_line import (
    add_json_output,
    add_timing_options,
    fix_conditions,
    print_table,
    require_positive,
    save_rows,
    tool_parser,
)


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the rows of ``roi_align_speed``."""
    parser = tool_parser(__file__, __doc__)
    for name, value in RoISizes()._asdict().items():
        parser.add_argument(f'--{name.replace("_", "-")}', type=int,
                            default=value)
    add_timing_options(parser, rounds=7, device=False)
    add_json_output(parser)
    args = parser.parse_args(argv)
    require_positive(parser, args, 'rounds', 'threads', 'channels', 'side',
                     'rois', 'bins')
    if args.sampling_ratio < 0:
        parser.error('--sampling-ratio must not be negative')
    fix_conditions(args)
    sizes = RoISizes(*(getattr(args, name) for name in RoISizes._fields))
    rows = roi_align_speed(sizes, args.rounds)
    print_table(
        ('what', 'mmcv ms', 'bags ms', 'times faster', 'difference'),
        [(row['what'], f'{row["mmcv_ms"]:.1f}', f'{row["bags_ms"]:.1f}',
          f'{row["faster"]:.1f}', f'{row["difference"]:.1e}')
         for row in rows],
        f'{args.rois} RoIs, {args.channels} x {args.side} x {args.side}, '
        f'{args.threads} threads, median of {args.rounds}', 100)
    save_rows(args.out, rows)
    return rows


if __name__ == '__main__':
    main()
