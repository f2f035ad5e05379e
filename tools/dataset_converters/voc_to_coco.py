"""Make a COCO file of XML files in Pascal VOC's format, for listed images.

Lists choose and order the images, so that a part of a data set, or a part to
search hyperparameters on, gets annotations of its own.

Example:
    python tools/dataset_converters/voc_to_coco.py data/hit_uav/xml \
        data/hit_uav/images data/hit_uav/train.txt \
        data/hit_uav/annotations/train.json \
        --classes Person Car Bicycle OtherVehicle --ignore DontCare \
        --keep-difficult
"""
import json
from pathlib import Path
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.datasets.converters.voc_coco import voc_to_coco
from mmextra.datasets.text_files import read_ids
from mmextra.utils.command_line import one_line_errors, tool_parser


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('xml_dir', type=Path)
    parser.add_argument('img_dir', type=Path)
    parser.add_argument('list', type=Path, help='one image a line')
    parser.add_argument('out', type=Path, help='the COCO file to write')
    parser.add_argument('--classes', nargs='+', required=True,
                        help='classes to write, in this order')
    parser.add_argument('--ignore', nargs='+', default=[],
                        help='classes whose objects are regions that say '
                        'nothing, written as a crowd of every class')
    parser.add_argument('--keep-difficult', action='store_true',
                        help='let objects marked difficult count; by default '
                        'they are crowd regions too')
    parser.add_argument('--on-error', choices=('raise', 'skip'),
                        default='raise',
                        help='stop at a bad entry, or skip and count')
    args = parser.parse_args(argv)
    with one_line_errors(parser):
        content = voc_to_coco(
            args.xml_dir, args.img_dir, read_ids(str(args.list)),
            args.classes, ignore=args.ignore,
            keep_difficult=args.keep_difficult, where=str(args.list),
            on_error=args.on_error)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(content))
    print(f'{args.out}: {len(content["images"])} images, '
          f'{len(content["annotations"])} annotations')


if __name__ == '__main__':
    main()
