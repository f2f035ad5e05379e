"""Tell how many training boxes the anchors of a YOLO config can match.

A box is matched by an anchor when both sides differ by less than a factor
of 4. With almost all of the boxes matched there is nothing to gain from other
anchors; kmeans_anchors.py --groups 1 --clusters 9 proposes some otherwise.

Example:
    python tools/analysis_tools/check_anchors.py configs/lcb_yolov5/visdrone.py
"""
import sys
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.anchors import (
    GOOD_RECALL,
    fit_of,
    yolo_generator,
)
from mmextra.apis.analysis.box_shapes import training_shapes
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
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    cfg = read_config(args)
    generator = yolo_generator(cfg)
    if generator is None:
        head = cfg.get('model', {}).get('bbox_head', {}).get('type', 'model')
        sys.exit(f'{args.config}: its {head} has no anchor_generator with '
                 'base_sizes')
    with one_line_errors(parser):
        shapes = training_shapes(cfg)
    recall, per_box = fit_of(generator, shapes)
    print(f'\n{len(shapes)} boxes: {100 * recall:.2f} % can be matched, by '
          f'{per_box:.2f} anchors on average')
    if recall <= GOOD_RECALL:
        print(f'Other anchors may help: kmeans_anchors.py {args.config} '
              '--groups 1 --clusters 9')


if __name__ == '__main__':
    main()
