"""AP of two detectors on the same images, and whether the difference is one.

The interval (95 %) comes from drawing the test images again, the same for
both: a difference whose interval holds 0 may be one of the images. Several
result files of a detector, as of several seeds, count as the mean of their AP.
The classes are compared apart too, for a mean over classes hides that one of
them has a dozen objects. Upright and rotated boxes, and masks.

Example:
    python tools/test.py CONFIG CHECKPOINT --out ours.pkl
    python tools/test.py OTHER_CONFIG OTHER_CHECKPOINT --out peer.pkl
    python tools/analysis_tools/compare_detectors.py CONFIG \
        --first ours.pkl --second peer.pkl
"""
from pathlib import Path
from typing import Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.evaluation.error_analysis import (
    compare_detectors,
    scenes_from_results,
)
from mmextra.utils.command_line import (
    add_json_output,
    one_line_errors,
    print_table,
    require_positive,
    save_rows,
    tool_parser,
)

# Images from which drawing again is of use.
FEW = 20


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('config', type=Path,
                        help='config whose test data set has the objects')
    parser.add_argument('--first', type=Path, nargs='+', required=True,
                        help='of tools/test.py --out, one for each training')
    parser.add_argument('--second', type=Path, nargs='+', required=True,
                        help='the same of the other detector')
    parser.add_argument('--classes', nargs='+',
                        help='compare these alone, and their mean')
    parser.add_argument('--iou-thr', type=float, default=0.5)
    parser.add_argument('--draws', type=int, default=1000)
    add_json_output(parser)
    args = parser.parse_args(argv)
    require_positive(parser, args, 'draws')
    with one_line_errors(parser):
        read = {file: scenes_from_results(args.config, file)
                for file in [*args.first, *args.second]}
        classes = read[args.first[0]][1]
        rows = compare_detectors(
            [read[file][0] for file in args.first],
            [read[file][0] for file in args.second], classes,
            only=args.classes, iou_thr=args.iou_thr, draws=args.draws)
    print_table(
        [f'AP{100 * args.iou_thr:.0f} of', 'objects', 'first', 'second',
         'difference', '95 %'],
        [[name, str(row['objects']), f'{100 * row["first"]:.1f}',
          f'{100 * row["second"]:.1f}', f'{100 * row["value"]:+.1f}',
          f'{100 * row["low"]:+.1f} to {100 * row["high"]:+.1f}']
         for name, row in rows.items()])
    images = len(read[args.first[0]][0])
    if images < FEW:
        print(f'These are {images} images: an interval of so few says little '
              'of others.')
    save_rows(args.out, rows)


if __name__ == '__main__':
    main()
