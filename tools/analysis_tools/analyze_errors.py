"""What kinds of error a detector makes, what each costs, and where.

Confusion matrix, precision, recall and F1 of each class, AP by size (and by
angle and proportion of rotated boxes), the kinds of error with the AP that
mending each would gain, and the worst images, as a page with pictures. For
upright boxes, rotated boxes and masks.

Example:
    python tools/test.py CONFIG CHECKPOINT --out results.pkl
    python tools/analysis_tools/analyze_errors.py results.pkl --config CONFIG
    python tools/analysis_tools/analyze_errors.py detections.coco.json \
        --ann annotations/val.json --images images/
"""
from pathlib import Path
from typing import Optional, Sequence, get_args

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.evaluation.error_analysis import (
    scenes_from_coco,
    scenes_from_results,
    write_report,
)
from mmextra.evaluation.error_analysis.loading import BoxKind
from mmextra.utils.command_line import one_line_errors, tool_parser


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('results', type=Path,
                        help='of tools/test.py --out, or COCO JSON')
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--config', type=Path,
                        help='config whose test data set has the objects')
    source.add_argument('--ann', type=Path, help='COCO file of the objects')
    parser.add_argument('--images', type=Path,
                        help='folder of the images of --ann')
    parser.add_argument('--kind', choices=get_args(BoxKind), default='bbox',
                        help='what the COCO files hold')
    parser.add_argument('--out-dir', type=Path, default=Path('analysis'))
    parser.add_argument('--iou-thr', type=float, default=0.5)
    parser.add_argument('--score-thr', type=float, default=0.3,
                        help='in the confusion matrix and the pictures')
    parser.add_argument('--worst', type=int, default=9,
                        help='how many images to show')
    args = parser.parse_args(argv)
    with one_line_errors(parser):
        if args.config:
            scenes, classes = scenes_from_results(args.config, args.results)
        else:
            scenes, classes = scenes_from_coco(args.ann, args.results,
                                               args.kind)
        result = write_report(
            scenes, classes, args.out_dir, title=args.results.name,
            iou_thr=args.iou_thr, score_thr=args.score_thr,
            worst=args.worst, image_root=args.images)
    costs = ', '.join(f'{kind} {100 * gain:.1f}'
                      for kind, gain in result['costs'].items())
    print(f'AP{100 * args.iou_thr:.0f} {100 * result["ap"]:.1f}; to be '
          f'gained: {costs}\n{args.out_dir / "index.html"}')


if __name__ == '__main__':
    main()
