"""Compare the speed of lesion detectors and classifiers, turn by turn.

Research only, not a medical device. Like benchmark_speed.py, for models that
need masks or an image label. Every round runs each model once on the same
image, and the time of the process is taken, so that other work on the machine
hits all alike and counts little. Weights are random: untrained scores are
noise, so every detector gets masks for the same number of detections. Of
classifiers the share that ranking the RoIs and module S have in the rest of
the forward pass is told as well.

Example:
    python tools/analysis_tools/benchmark_lesion_speed.py \
        mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py \
        configs/covid_ct_mask_net/cncb-r18_t1.py
"""
from typing import List, Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.lesion_speed import LesionContestant, summarise
from mmextra.evaluation.speed import race
from mmextra.utils.command_line import (
    add_json_output,
    add_timing_options,
    fix_conditions,
    print_table,
    save_rows,
    tool_parser,
)


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the rows, see ``summarise``."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('configs', nargs='+',
                        help='config files; ratios are to the first')
    parser.add_argument('--modes', nargs='+', default=['train', 'test'],
                        choices=['train', 'test'])
    parser.add_argument('--size', type=int, default=512)
    parser.add_argument('--lesions', type=int, default=4)
    parser.add_argument('--detections', type=int, default=16,
                        help='detections that get masks')
    parser.add_argument(
        '--optimized', action='store_true',
        help='test all but the first a second time, with folded '
        'normalisation and channels_last')
    add_timing_options(parser, device=False)
    add_json_output(parser)
    args = parser.parse_args(argv)
    fix_conditions(args)
    contestants = [
        LesionContestant(name, args.size, args.lesions, args.detections)
        for name in args.configs
    ]
    optimized = [
        LesionContestant(name, args.size, args.lesions, args.detections, True)
        for name in args.configs[1:] if args.optimized
    ]
    for mode in args.modes:
        race(contestants + optimized * (mode == 'test'), mode, args.rounds)
    rows = summarise(contestants + optimized, args.modes)
    print_table(
        list(rows[0]),
        [[value if isinstance(value, str) else '-' if value is None else
          f'{value:.2f}' for value in row.values()] for row in rows],
        f'{args.size} x {args.size}, {args.threads} threads, process time, '
        f'median of {args.rounds}', 110)
    save_rows(args.out, rows)
    return rows


if __name__ == '__main__':
    main()
