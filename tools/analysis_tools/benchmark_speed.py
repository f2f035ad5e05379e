"""Compare speed and memory of detectors fairly: in one process, turn by turn.

Every round runs each model once on the same images, so whatever else the
machine does hits all alike. Weights are random, and untrained score maps are
noise, of which any number of boxes may pass a threshold. So of sigmoid heads
of single-stage models the best ``--candidates`` boxes of each image, and no
others, are made to pass ``score_thr``; ``nms_pre`` is raised where it is
smaller, and LASA, which would drop most of them again, drops none. The boxes
that reach NMS are counted nevertheless and shown, per image. Other models
keep what they have: of two-stage ones the proposals before the RPN's NMS are
counted.

``--variant`` shows each model a second time with a part of the tests switched,
for example without LASA: the same weights, and nothing but the keys named is
changed.

The memory is the peak that one more, untimed step needs beyond what is held
before it (weights, images): PyTorch's own tensors, not the work space of
libraries.

Example:
    python tools/analysis_tools/benchmark_speed.py \
        configs/larsd/hrsd-rotated_retinanet.py configs/larsd/hrsd.py
    python tools/analysis_tools/benchmark_speed.py configs/larsd/hrsd.py \
        --modes test --variant model.test_cfg.lasa=None
"""
from typing import List, Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.detector_speed import Contestant, summarise
from mmextra.evaluation.speed import race
from mmextra.utils.command_line import (
    add_cfg_options,
    add_json_output,
    add_timing_options,
    fix_conditions,
    one_line_errors,
    print_table,
    require_positive,
    save_rows,
    tool_parser,
)

HEADINGS = ('model', 'wall ms', 'min-max', 'ratio', 'process ms', 'ratio',
            'assignment ms', 'boxes to NMS', 'peak MiB')
SETTINGS = ('size', 'batch_size', 'objects', 'candidates', 'device', 'fuse',
            'variant')


def parse_args(argv: Optional[Sequence[str]] = None):
    """The parser and what it read."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('configs', nargs='+',
                        help='config files; ratios are to the first')
    parser.add_argument('--modes', nargs='+', default=['train', 'test'],
                        choices=['train', 'test'])
    parser.add_argument('--size', type=int, default=512)
    parser.add_argument('--batch-size', type=int, default=1)
    parser.add_argument('--objects', type=int, default=100,
                        help='ground truths per image')
    parser.add_argument('--candidates', type=int, default=1500,
                        help='boxes per image that reach NMS in a test')
    add_timing_options(parser, rounds=7)
    parser.add_argument('--fuse', action='store_true',
                        help='fold batch normalisations into convolutions; '
                        'for tests')
    add_cfg_options(parser, '--variant', 'show every model once more, with '
                    'the same weights and these keys of the config changed; '
                    'for tests')
    add_json_output(parser)
    args = parser.parse_args(argv)
    require_positive(parser, args, 'size', 'batch_size', 'objects',
                     'candidates', 'rounds', 'threads')
    if args.fuse and 'train' in args.modes:
        parser.error('a fused model is not trained; give --modes test')
    if args.variant and 'train' in args.modes:
        parser.error('--variant compares tests; give --modes test')
    return parser, args


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the rows, see ``summarise``."""
    parser, args = parse_args(argv)
    fix_conditions(args)
    settings = {name: getattr(args, name) for name in SETTINGS}
    contestants = []
    for path in args.configs:
        contestants.append(Contestant(path, **settings))
        if args.variant:
            with one_line_errors(parser, ValueError):
                contestants.append(
                    Contestant(path, **settings, first=contestants[-1]))
    rows = []
    for mode in args.modes:
        race(contestants, mode, args.rounds)
        found = summarise(contestants, mode)
        print_table(HEADINGS, [(
            row['model'], f'{row["wall_ms"]:.1f}',
            f'{row["wall_min_ms"]:.1f}-{row["wall_max_ms"]:.1f}',
            f'{row["wall_ratio"]:.3f}', f'{row["cpu_ms"]:.1f}',
            f'{row["cpu_ratio"]:.3f}', f'{row["assign_ms"]:.1f}',
            f'{row["nms_boxes"]:g}', f'{row["peak_mib"]:.1f}')
            for row in found],
            f'{mode} step, {args.batch_size} x {args.size} x {args.size}, '
            f'{args.device}, {args.threads} threads, median of '
            f'{args.rounds}', 140)
        rows += found
    save_rows(args.out, rows)
    return rows


if __name__ == '__main__':
    main()
