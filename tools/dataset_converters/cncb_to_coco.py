"""Write CT slices with lesion masks as a COCO file, for mmdet's CocoDataset.

Research only, not a medical device.

Example:
    python tools/dataset_converters/cncb_to_coco.py data/covid_data \
        annotations/train.json --imgs train/imgs --masks train/masks
"""
from pathlib import Path
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.datasets.converters.ct_coco import to_coco
from mmextra.datasets.ct import CLASS_MODES, CTLesionDataset
from mmextra.utils.command_line import one_line_errors, tool_parser
from mmextra.utils.files import write_json


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('root', help='root of the data')
    parser.add_argument('out', type=Path, help='the COCO file to write')
    parser.add_argument('--list', default='', help='list of the split')
    parser.add_argument('--imgs', default='imgs/', help='folder of images')
    parser.add_argument('--masks', default='masks/', help='folder of masks')
    parser.add_argument('--class-mode', default='merge', choices=CLASS_MODES)
    parser.add_argument('--min-area', type=int, default=100)
    parser.add_argument('--layout', default='flat',
                        choices=['flat', 'nested'])
    args = parser.parse_args(argv)
    with one_line_errors(parser):
        content = to_coco(CTLesionDataset(
            data_root=args.root, ann_file=args.list,
            data_prefix=dict(img=args.imgs, mask=args.masks),
            class_mode=args.class_mode, min_area=args.min_area,
            layout=args.layout))
    write_json(args.out, content)
    print(f'{args.out}: {len(content["images"])} slices, '
          f'{len(content["annotations"])} lesions')


if __name__ == '__main__':
    main()
