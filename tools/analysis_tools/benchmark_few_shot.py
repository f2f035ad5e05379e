"""Time and memory of the local correspondence and of few-shot detectors.

`gcn` compares the forms of the graph convolution on random features: in a
test on many classes (with the objectness convolution, whose result alone is
kept), and in training on the pairs of a batch. `detector` compares whole
detectors, from their configs, with random weights, on one picture and as many
classes, of which every proposal is classified.

All take turns in one process; the time is that of the process (wall time is
no measure on a machine that does other work), the median of the rounds. The
memory is the peak of PyTorch's tensors beyond what is held before.

Example:
    python tools/analysis_tools/benchmark_few_shot.py gcn
    python tools/analysis_tools/benchmark_few_shot.py detector \
        configs/gcn_fsod/coco17-10shot-attention_rpn.py \
        configs/gcn_fsod/coco17-10shot.py
"""
from pathlib import Path
from typing import List, Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.few_shot_speed import (
    GraphSizes,
    detector_step,
    measure,
    tested_forms,
    trained_forms,
)
from mmextra.utils.command_line import (
    add_timing_options,
    fix_conditions,
    print_table,
    tool_parser,
)

FORMS = dict(
    test=(tested_forms, 'per class, {0.classes} classes, n={0.query}, '
          'm={0.support}, C={0.channels}, width {0.width}; largest relative '
          'difference in float32 and float64 to dense float64'),
    train=(trained_forms, 'forward and backward, {0.pairs} pairs, '
           "n={0.query}, m={0.support}; difference of the query's gradient"))


def show(rows: List[dict], title: str) -> None:
    print_table(
        ('form', 'seconds', 'to the first', 'peak MiB', 'to the first',
         'difference'),
        [(row['form'], f'{row["seconds"]:.3f}',
          f'{row["seconds_ratio"]:.3f}', f'{row["mib"]:.0f}',
          f'{row["mib_ratio"]:.3f}',
          ', '.join(f'{value:.1e}' for value in row['differences']))
         for row in rows], title, 110)


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the rows, see ``measure``."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('what', choices=['gcn', 'detector'])
    parser.add_argument('configs', nargs='*',
                        help='of detectors; ratios are to the first')
    parser.add_argument('--modes', nargs='+', default=['test', 'train'],
                        choices=['test', 'train'])
    for name, value in GraphSizes()._asdict().items():
        parser.add_argument(
            f'--{name.replace("_", "-")}', type=int, default=value,
            help=dict(dense_classes='classes that the dense form is measured '
                      'on', chunk='classes that the shared forms multiply at '
                      'once').get(name))
    parser.add_argument('--image', type=int, nargs=2, default=[600, 1000],
                        help='height and width in pixels')
    add_timing_options(parser, rounds=3, device=False)
    args = parser.parse_args(argv)
    if (args.what == 'detector') != bool(args.configs):
        parser.error('give configs with detector, and only with it')
    fix_conditions(args)
    found = []
    if args.what == 'gcn':
        sizes = GraphSizes(*(getattr(args, name)
                             for name in GraphSizes._fields))
        for mode in args.modes:
            form, title = FORMS[mode]
            rows = form(sizes, args.rounds)
            show(rows, title.format(sizes))
            found += rows
        return found
    found = measure(
        {Path(path).stem: detector_step(path, args.classes, args.image)
         for path in args.configs}, args.rounds)
    show(found, f'one {args.image[0]} x {args.image[1]} picture, '
         f'{args.classes} classes')
    return found


if __name__ == '__main__':
    main()
