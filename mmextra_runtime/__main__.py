"""Run an exported model on an image, a folder or a video, and draw.

    python -m mmextra_runtime exported harbour.png --out drawn.png
    python -m mmextra_runtime exported large.tif --tile 1024 --out drawn.png
    python -m mmextra_runtime exported_stream road.mp4 --out drawn/
    python -m mmextra_runtime exported_few tray.png --show bolt.png nut.png
"""
import argparse
import sys
from pathlib import Path
from typing import Any, Iterator, List, Optional, Sequence, Tuple

import cv2
import numpy as np

from .folder import PROVIDERS
from .images import read_image
from .loading import load
from .support_bank import SupportBank

EXTENSIONS = ('.bmp', '.png', '.jpg', '.jpeg', '.tif', '.tiff', '.webp')


def find_images(path: Path) -> List[Path]:
    """An image, or the images of a folder.

    Raises:
        FileNotFoundError: If there is none.
    """
    found = [path] if path.is_file() else sorted(
        each for each in path.iterdir()
        if each.suffix.lower() in EXTENSIONS) if path.is_dir() else []
    if not found:
        raise FileNotFoundError(f'there is no image {path}, and no folder '
                                'with images of that name')
    return found


def target_of(out: Path, name: str, several: bool) -> Path:
    """Where to write a drawing."""
    folder = several or out.is_dir() or not out.suffix
    target = out / f'{name}.png' if folder else out
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def report(name: str, result: Any, score_thr: float) -> None:
    """Print what was found."""
    if hasattr(result, 'at_least'):
        result = result.at_least(score_thr)
    for line in result.lines():
        print(name, line, flush=True)


def run_images(detector: Any, args: argparse.Namespace) -> None:
    """Detect on images one by one."""
    paths = find_images(args.image)
    for path in paths:
        pixels = read_image(path)
        found = detector(pixels) if not args.tile else detector.tiled(
            pixels, args.tile, args.overlap)
        report(path.name, found, args.score_thr)
        if args.out:
            boxes = getattr(found, 'rois', found)
            cv2.imwrite(
                str(target_of(args.out, path.stem, len(paths) > 1)),
                detector.draw(pixels, boxes, args.score_thr))


def video_frames(path: Path) -> Any:
    """A folder of frames, or a video file.

    Raises:
        FileNotFoundError: If there is no such path.
        ValueError: If it is no video.
    """
    if path.is_dir():
        return _read_all(find_images(path))
    if not path.is_file():
        raise FileNotFoundError(f'there is no video {path}')
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise ValueError(f'{path} cannot be opened as a video')
    return capture


def _read_all(paths: Sequence[Path]) -> Iterator[np.ndarray]:
    for path in paths:
        yield read_image(path)


def run_stream(detector: Any, args: argparse.Namespace) -> None:
    """Detect on the frames of a video; those that were read are drawn."""
    for number, (frame, found) in enumerate(
            detector.run(video_frames(args.image))):
        report(f'{number:06d}{" forecast" * (frame is None)}', found,
               args.score_thr)
        if args.out and frame is not None:
            cv2.imwrite(str(target_of(args.out, f'{number:06d}', True)),
                        detector.draw(frame, found, args.score_thr))
    print({key: round(value, 3) for key, value in detector.stats.items()})


def parse(argv: Optional[Sequence[str]]
          ) -> Tuple[argparse.ArgumentParser, argparse.Namespace]:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog='python -m mmextra_runtime',
        description='Run an exported model, without PyTorch')
    parser.add_argument('folder', type=Path,
                        help='what tools/export.py wrote')
    parser.add_argument('image', type=Path,
                        help='image or folder; of a stream video or folder')
    parser.add_argument('--out', type=Path,
                        help='file or folder for the drawings')
    parser.add_argument('--score-thr', type=float, default=0.3)
    parser.add_argument('--tile', type=int,
                        help='cut large images into tiles of this size')
    parser.add_argument('--overlap', type=int, default=256,
                        help='pixels that neighbouring tiles share')
    parser.add_argument('--provider', choices=sorted(PROVIDERS),
                        default='cpu')
    parser.add_argument('--threads', type=int)
    parser.add_argument(
        '--show', type=Path, nargs='+', metavar='PICTURE',
        help='pictures of the classes to look for (few-shot); the class is '
        "the picture's name, or its folder's where several share one")
    parser.add_argument('--bank', type=Path,
                        help='file of the shown classes: written with '
                        '--show, read without')
    return parser, parser.parse_args(argv)


def show(detector: Any, args: argparse.Namespace) -> None:
    """Show a few-shot detector its classes, or load them."""
    if not args.show:
        if args.bank:
            detector.bank = SupportBank.load(args.bank)
        return
    shared = len({path.parent for path in args.show}) > 1
    detector.show(args.show, [path.parent.name if shared else path.stem
                              for path in args.show])
    if args.bank:
        detector.bank.save(args.bank)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser, args = parse(argv)
    try:
        detector = load(args.folder, args.provider, args.threads)
        if detector.task == 'few_shot':
            show(detector, args)
        elif args.show or args.bank:
            raise ValueError('--show and --bank are of few-shot models, '
                             f'{args.folder} is of {detector.task!r}')
        (run_stream if detector.task == 'stream' else run_images)(
            detector, args)
    except (FileNotFoundError, ValueError) as error:
        parser.exit(1, f'mmextra_runtime: {error}\n')


if __name__ == '__main__':
    sys.exit(main())
