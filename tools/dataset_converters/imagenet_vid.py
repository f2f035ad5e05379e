"""Make COCO-VID files of ImageNet VID (and DET) as ILSVRC lays them out.

Writes into ROOT/annotations: imagenet_vid_<split>.json, of the first split
also imagenet_vid_<split>_15frames.json for training on single images, and
with --det imagenet_det_30cls.json.

Example:
    python tools/dataset_converters/imagenet_vid.py data/ILSVRC --det
"""
import argparse
import json
import sys
import warnings
from pathlib import Path
from typing import Dict, List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmextra.datasets.ilsvrc_vid import (  # noqa: E402
    PAPER_VIDEOS,
    convert_det,
    convert_videos,
    find_videos,
)
from mmextra.datasets.text_files import (  # noqa: E402
    read_lines,
    slashes,
)
from mmextra.evaluation.benchmark import write_atomic  # noqa: E402


def read_frame_list(path: Path) -> Dict[str, List[int]]:
    """Frames for training on single images, as FGFA's lists give them.

    Args:
        path (Path): Lines ``video 1 frame-number ...``.

    Returns:
        dict[str, list[int]]: Numbers of each video's frames.

    Raises:
        ValueError: If a line is not of this form; it is named.
    """
    frames: Dict[str, List[int]] = {}
    for number, line in enumerate(read_lines(str(path)), 1):
        parts = line.split()
        if not parts:
            continue
        if len(parts) < 3 or not parts[2].isdigit():
            raise ValueError(
                f'{path}, line {number}: expected "video 1 frame-number '
                f'..." as in FGFA\'s VID_train_15frames.txt, got {line!r}')
        frames.setdefault(slashes(parts[0]), []).append(int(parts[2]))
    if len(frames) > 1 and all(each == [0] for each in frames.values()):
        raise ValueError(
            f'{path} names frame 0 of every video and no other; it seems to '
            'be a list of videos, "video first-id 0 length", and not of '
            'frames as VID_train_15frames.txt')
    return frames


def parse_split(text: str):
    """``NAME=PATTERN[,PATTERN...]`` as name and patterns."""
    name, _, patterns = text.partition('=')
    if not name or not patterns:
        raise argparse.ArgumentTypeError(
            f'expected NAME=PATTERN[,PATTERN...], got {text!r}')
    return name, patterns.split(',')


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
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
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    args = parse_args(argv)
    out = args.root / 'annotations'
    try:
        lists = read_frame_list(args.lists) if args.lists else None
        out.mkdir(exist_ok=True)
        for number, (split, patterns) in enumerate(args.split):
            names = find_videos(str(args.root), patterns)
            if len(names) != PAPER_VIDEOS.get(split, len(names)):
                warnings.warn(
                    f'{split}: {len(names)} videos, ImageNet VID has '
                    f'{PAPER_VIDEOS[split]}', stacklevel=1)
            videos, images = convert_videos(
                str(args.root), names, number == 0, lists,
                args.frames_per_video, args.workers)
            _write(out / f'imagenet_vid_{split}.json', videos)
            if number == 0:
                _write(out / f'imagenet_vid_{split}_15frames.json', images)
        if args.det:
            _write(out / 'imagenet_det_30cls.json',
                   convert_det(str(args.root), args.max_per_class))
    except (ValueError, OSError) as error:
        sys.exit(f'imagenet_vid.py: {error}')


def _write(path: Path, content: dict) -> None:
    write_atomic(path, json.dumps(content) + '\n')
    counts = ', '.join(f'{len(content[key])} {key}' for key in
                       ('videos', 'images', 'annotations') if key in content)
    print(f'{path}: {counts}')


if __name__ == '__main__':
    main()
