"""Find the anchor shapes that fit the training boxes of a config.

The boxes are taken at the network's input scale: after the resize of the
config's training pipeline, without flips, rotations and crops. Ignored boxes
do not count.

With --groups 1 the anchors are those of a YOLO head: clustered by the ratio of
the sides, by which YOLOv5 matches boxes and anchors, instead of the IoU, and
shared by the levels of the config's base_sizes, small ones to small strides.
They are not looked for where those of the config match 98 % of the boxes.

Examples:
    python tools/analysis_tools/kmeans_anchors.py configs/larsd/hrsc2016.py \
        --symmetric --out anchors.py
    python tools/analysis_tools/kmeans_anchors.py \
        configs/lcb_yolov5/visdrone.py --groups 1 --clusters 9
"""
from pathlib import Path
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.anchors import propose_anchors
from mmextra.utils.command_line import (
    add_cfg_options,
    one_line_errors,
    read_config,
    tool_parser,
)


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('config')
    parser.add_argument('--groups', type=int, default=3,
                        help='groups by area, one per pyramid level; 1 for '
                        'the anchors of a YOLO head')
    parser.add_argument('--clusters', type=int, default=5,
                        help='shapes per group')
    parser.add_argument('--symmetric', action='store_true',
                        help='count every box also with width and height '
                        'swapped, as rotation by any angle will make it')
    parser.add_argument('--out', type=Path,
                        help='write the config fragment here')
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    with one_line_errors(parser):
        text = propose_anchors(read_config(args), args.groups, args.clusters,
                               args.symmetric)
    print(text)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(text)
        print(f'written to {args.out}')


if __name__ == '__main__':
    main()
