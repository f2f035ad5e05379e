"""Cut a data set of large images into overlapping tiles.

Reads and writes the layout of HRSD::

    images/<id>.(png|jpg|jpeg|bmp|tif|tiff)
    labelTxt/<id>.txt     x1 y1 x2 y2 x3 y3 x4 y4 class difficulty
    ImageSets/*.txt       one id per line

Tiles are named ``<id>__<size>__<x>___<y>``. mmrotate's ``img_split.py`` cuts
at the same places, but deletes objects that are cut below the threshold, so
that a detector learns their visible part as background; here they stay, as
difficult ones. A TIFF of more pixels than OpenCV decodes is read window by
window. This tool also writes no lists of the splits and refuses a folder
that exists, where this tool goes on with what is missing.

    python tools/dataset_converters/tile_images.py data/hrsd data/hrsd_tiles
"""
from pathlib import Path
from typing import Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.datasets.converters.tiles import tile_dataset
from mmextra.utils.command_line import one_line_errors, tool_parser


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('root', type=Path, help='folder with images, '
                        'labelTxt, ImageSets')
    parser.add_argument('out', type=Path, help='folder for the tiles')
    parser.add_argument('--tile', type=int, default=1024)
    parser.add_argument('--overlap', type=int, default=256)
    parser.add_argument('--iof-thr', type=float, default=0.7,
                        help='objects with a smaller part in the tile become '
                        'difficult')
    parser.add_argument('--ext', default='.png')
    parser.add_argument('--splits', nargs='+')
    args = parser.parse_args(argv)
    with one_line_errors(parser):
        counts = tile_dataset(args.root, args.out, args.tile, args.overlap,
                              args.iof_thr, args.ext, args.splits)
    print('tiles: ' + ', '.join(f'{k} {v}' for k, v in counts.items()))


if __name__ == '__main__':
    main()
