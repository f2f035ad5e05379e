"""Compare the speed of reads, forecasts and other detectors fairly.

All models see the same frames in one process and take turns frame by frame,
so whatever else the machine does hits all alike. Weights are random: of an
SSD head the background is made likely (``--background``), for with uniform
scores every anchor would reach NMS. Times begin with the preprocessed image;
decoding and resizing, which a forecast also saves, are not in them.

Configs of FeatureForecastDetector give rows read, forecast and alternate (one
read and one forecast); other detectors one row per frame. Ratios are to the
row "read" of the first config. "process" is the CPU time of the process.

Example:
    python tools/analysis_tools/benchmark_stream.py \
        configs/feature_forecast/imagenet_vid.py \
        mmdet::ssd/ssdlite_mobilenetv2-scratch_8xb24-600e_coco.py --optimize
"""
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.stream_speed import (
    StreamContestant,
    break_evens,
    stream_speed,
)
from mmextra.utils.command_line import (
    add_json_output,
    add_timing_options,
    fix_conditions,
    print_table,
    save_rows,
    tool_parser,
)
from mmextra.utils.untrained_model import load_config


def main(argv: Optional[Sequence[str]] = None) -> List[Dict[str, Any]]:
    """Command line; returns the rows."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('configs', nargs='+')
    parser.add_argument('--size', type=int, default=320)
    parser.add_argument('--frames', type=int, default=60)
    parser.add_argument('--warm-up', type=int, default=5)
    add_timing_options(parser, rounds=None)
    parser.add_argument('--optimize', action='store_true',
                        help='also every model fused and channels last')
    parser.add_argument('--background', type=float, default=8.,
                        help='added to the background of SSD heads')
    add_json_output(parser)
    args = parser.parse_args(argv)
    fix_conditions(args)
    contestants = [
        StreamContestant(
            Path(name.split('::')[-1]).stem, load_config(name),
            size=args.size, device=args.device, background=args.background,
            optimize=optimize)
        for name in args.configs for optimize in (False, True)[
            :1 + args.optimize]
    ]
    rows = stream_speed(contestants, args.frames, args.warm_up)
    evens = break_evens(rows)
    print_table(
        ('model', 'step', 'process ms', 'ratio', 'fps', 'wall ms',
         'wall p90 ms'),
        [(row['model'], row['step'], f'{row["process_ms"]:.1f}',
          f'{row["ratio"]:.3f}', f'{row["fps"]:.1f}', f'{row["wall_ms"]:.1f}',
          f'{row["wall_p90_ms"]:.1f}') for row in rows],
        f'1 x {args.size} x {args.size}, {args.device}, '
        f'{args.threads} threads, median of {args.frames}', 130)
    for item in evens:
        share = item['share']
        when = 'at any share of forecasts' if share <= 0 else \
            'at no share of forecasts' if share >= 1 else \
            f'from {100 * share:.0f} % forecasts on'
        print(f'{item["model"]} is faster than {item["other"]} {when}')
    save_rows(args.out, dict(rows=rows, break_even=evens))
    return rows


if __name__ == '__main__':
    main()
