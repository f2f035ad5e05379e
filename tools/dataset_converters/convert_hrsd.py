"""Convert ship annotations to the layout that HRSDDataset reads.

    images/<id>.(png|jpg|jpeg|bmp|tif|tiff)
    labelTxt/<id>.txt     x1 y1 x2 y2 x3 y3 x4 y4 class difficulty
    ImageSets/<split>.txt     one id per line

hrsc_xml reads the folder of an HRSC2016, with its splits; rolabelimg a folder
of XML files with <robndbox> (angle of w in radians, clockwise); coco_rbox a
COCO file whose boxes have five numbers (cx, cy, w, h, angle), or whose
segmentations are polygons. Several runs may write into one folder.

    python tools/dataset_converters/convert_hrsd.py --from hrsc_xml \
data/hrsc data/hrsd
    python tools/dataset_converters/convert_hrsd.py --from rolabelimg \
labels/ data/hrsd --img-dir images/ --lists train=train.txt val=val.txt \
--keep Car Truck --ignore DontCare
"""
from pathlib import Path
from typing import Dict, List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.datasets.converters.hrsd import Naming, convert_ships
from mmextra.datasets.converters.ship_sources import READERS, ShipSource
from mmextra.datasets.text_files import read_ids
from mmextra.utils.command_line import one_line_errors, tool_parser


def pairs(texts: List[str], option: str) -> Dict[str, str]:
    """Read NAME=VALUE arguments."""
    for text in texts:
        if '=' not in text:
            raise ValueError(f'{option} takes NAME=VALUE, got {text!r}')
    return dict(text.split('=', 1) for text in texts)


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('--from', dest='format', choices=sorted(READERS),
                        required=True, help='format of the source')
    parser.add_argument('source', help='folder, or the COCO file')
    parser.add_argument('out', type=Path, help='folder to write into')
    parser.add_argument('--img-dir', help='folder of the images')
    parser.add_argument(
        '--split', default='train',
        help='name of the list to write if the source has no splits')
    parser.add_argument('--lists', nargs='+', default=[], metavar='NAME=FILE',
                        help='splits, as lists of ids')
    parser.add_argument('--rename', nargs='+', default=[], metavar='OLD=NEW',
                        help='other names for classes')
    parser.add_argument('--keep', nargs='+', metavar='NAME',
                        help='classes to write, by their new names; others '
                        'are left out')
    parser.add_argument('--ignore', nargs='+', default=[], metavar='NAME',
                        help='classes whose objects are regions that say '
                        'nothing, neither background nor object: written as '
                        'difficult ones of every class of --keep')
    parser.add_argument('--angle', choices=('rad', 'deg'), default='rad',
                        help='unit of the angle of a box, which is that of '
                        'w against the x axis (rolabelimg, coco_rbox)')
    parser.add_argument('--ccw', action='store_true',
                        help='angles run counter-clockwise, not clockwise on '
                        'the image (rolabelimg, coco_rbox)')
    parser.add_argument('--link', action='store_true',
                        help='link the images instead of copying them')
    parser.add_argument('--on-error', choices=('raise', 'skip'),
                        default='raise',
                        help='stop at a bad entry, or skip and count')
    args = parser.parse_args(argv)
    with one_line_errors(parser):
        if args.ignore and not args.keep:
            raise ValueError('--ignore needs --keep, the classes that the '
                             'regions count as')
        counts = convert_ships(
            args.format,
            ShipSource(args.source, args.img_dir, args.angle, args.ccw),
            args.out,
            split=args.split,
            lists={name: read_ids(path) for name, path in pairs(
                args.lists, '--lists').items()},
            naming=Naming(pairs(args.rename, '--rename'), args.keep,
                          args.ignore),
            link=args.link,
            on_error=args.on_error)
    print(f'{args.out}: ' + ', '.join(
        f'{name} {count} images' for name, count in counts.items()))


if __name__ == '__main__':
    main()
