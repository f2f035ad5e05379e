"""Make COCO-VID files of ImageNet VID (and DET) as ILSVRC lays them out.

Writes into ROOT/annotations: imagenet_vid_<split>.json, of the first split
also imagenet_vid_<split>_15frames.json for training on single images, and
with --det imagenet_det_30cls.json.

Example:
    python tools/dataset_converters/imagenet_vid.py data/ILSVRC --det
"""
import argparse
from pathlib import Path
from typing import Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.datasets.converters.imagenet_vid import (
    read_frame_list,
    write_imagenet_vid,
)
from mmextra.utils.command_line import one_line_errors, tool_parser


def parse_split(text: str):
    """``NAME=PATTERN[,PATTERN...]`` as name and patterns."""
    name, _, patterns = text.partition('=')
    if not name or not patterns:
        raise argparse.ArgumentTypeError(
            f'expected NAME=PATTERN[,PATTERN...], got {text!r}')
    return name, patterns.split(',')


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('root', type=Path, help='folder with Annotations '
                        'and Data')
    parser.add_argument(
        '--split', type=parse_split, nargs='+', metavar='NAME=PATTERN',
        default=[('train', ['train/*']), ('val', ['val/*'])],
        help='which videos are in which split; the first is trained on')
    parser.add_argument('--lists', type=Path, help='frames for training on '
                        'single images, as VID_train_15frames.txt of FGFA')
    parser.add_argument('--frames-per-video', type=int, default=15,
                        help='how many such frames without --lists')
    parser.add_argument('--det', action='store_true',
                        help='also convert ImageNet DET')
    parser.add_argument('--max-per-class', type=int,
                        help='images of DET for each class')
    parser.add_argument('--workers', type=int, default=0)
    args = parser.parse_args(argv)
    with one_line_errors(parser):
        for path, content in write_imagenet_vid(
                args.root, args.split,
                lists=args.lists and read_frame_list(args.lists),
                frames_per_video=args.frames_per_video, det=args.det,
                max_per_class=args.max_per_class, workers=args.workers):
            print(f'{path}: ' + ', '.join(
                f'{len(content[key])} {key}' for key in
                ('videos', 'images', 'annotations') if key in content))


if __name__ == '__main__':
    main()
