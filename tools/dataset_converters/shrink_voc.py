"""Copy listed images of a Pascal VOC folder, smaller, with their boxes.

Objects marked difficult are left out. The lists of voc_mini, which the
configs of GCN-FSOD on real pictures take, are those of this project.

Example:
    python tools/dataset_converters/shrink_voc.py VOCdevkit/VOC2012 \
        data/voc_mini/VOC2012 --lists configs/_base_/datasets/voc_mini/*.txt
"""
from pathlib import Path
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.datasets.converters.voc_shrink import shrink_voc
from mmextra.utils.command_line import one_line_errors, tool_parser


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('source', type=Path,
                        help='holds JPEGImages/ and Annotations/')
    parser.add_argument('target', type=Path, help='the folder to write')
    parser.add_argument('--lists', type=Path, nargs='+', required=True,
                        help='names of images, one a line')
    parser.add_argument('--long-side', type=int, default=384,
                        help='pixels; default: 384')
    args = parser.parse_args(argv)
    if args.long_side < 1:
        parser.error(f'--long-side must be above 0, got {args.long_side}')
    with one_line_errors(parser):
        count = shrink_voc(args.source, args.target, args.lists,
                           args.long_side)
    print(f'{args.target}: {count} images of {args.long_side} pixels')


if __name__ == '__main__':
    main()
