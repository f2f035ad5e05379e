"""Detect on images and draw the boxes, rotated or not.

    python tools/image_demo.py ship.png configs/larsd/hrsd.py epoch_12.pth
    python tools/image_demo.py harbours/ CONFIG CHECKPOINT --tile 1024 \
        --format dota geojson

Writes ``<out-dir>/<name>.png`` and prints how many boxes reach the score.
"""
from pathlib import Path
from typing import Optional, Sequence, get_args

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.image_demo import draw_detections, find_images
from mmextra.evaluation.formats import FORMATS
from mmextra.utils.command_line import (
    best_device,
    one_line_errors,
    require_files,
    tool_parser,
)
from mmextra.visualization.pictures import Labels


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('image', type=Path, help='image or folder')
    parser.add_argument('config', type=Path)
    parser.add_argument('checkpoint', help='a file, or mmextra://NAME')
    parser.add_argument('--out-dir', type=Path, default=Path('outputs'))
    parser.add_argument('--score-thr', type=float, default=0.3)
    parser.add_argument('--tile', type=int,
                        help='cut large images into tiles of this size')
    parser.add_argument('--overlap', type=int, default=256,
                        help='pixels that neighbouring tiles share')
    parser.add_argument('--batch-size', type=int, default=1,
                        help='tiles in one forward pass')
    parser.add_argument('--format', nargs='+', default=[],
                        choices=sorted(FORMATS), dest='formats',
                        help='also write the boxes for other tools')
    parser.add_argument('--txt', dest='formats', action='append_const',
                        const='dota', help='also write the corners of the '
                        'boxes, the same as --format dota')
    parser.add_argument('--labels', choices=get_args(Labels), default='auto',
                        help='auto leaves out those that hide other objects')
    parser.add_argument('--device', default=best_device())
    args = parser.parse_args(argv)
    with one_line_errors(parser, FileNotFoundError, ValueError):
        images = find_images(args.image)
        require_files(args, 'config', 'checkpoint')
        for path, shown, boxes, picture in draw_detections(
                images, args.config, args.checkpoint, args.out_dir,
                score_thr=args.score_thr, tile=args.tile,
                overlap=args.overlap, batch_size=args.batch_size,
                formats=args.formats, labels=args.labels,
                device=args.device):
            print(f'{path}: {shown} of {boxes} boxes with score >= '
                  f'{args.score_thr:g} -> {picture}', flush=True)


if __name__ == '__main__':
    main()
