"""Detect on images and draw the boxes, rotated or not.

    python tools/image_demo.py ship.png configs/larsd/hrsd.py epoch_12.pth
    python tools/image_demo.py harbours/ CONFIG CHECKPOINT --tile 1024 --txt

Writes ``<out-dir>/<name>.png`` and prints how many boxes reach the score.
"""
import argparse
import sys
from pathlib import Path
from pickle import UnpicklingError
from typing import List, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# First, because it explains what is missing.
import mmextra  # noqa: E402, F401  # isort: skip
import mmcv
import torch
from mmdet.apis import inference_detector, init_detector
from mmdet.registry import VISUALIZERS
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import get_box_tensor
from mmengine.config import Config

from mmextra.apis import read_image, tiled_inference
from mmextra.structures import box_corners

EXTENSIONS = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp')


def find_images(path: Path) -> List[Path]:
    """The images that a path means.

    Args:
        path (Path): An image or a folder of images.

    Returns:
        List[Path]: The files, sorted.

    Raises:
        FileNotFoundError: If there is no such path, or no image in it.
        ValueError: If two images would be written to one file.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(f'there is no image or folder {path}')
    images = sorted(
        p for p in path.iterdir() if p.suffix.lower() in EXTENSIONS)
    if not images:
        raise FileNotFoundError(
            f'folder {path} has no image ({", ".join(EXTENSIONS)})')
    stems = [p.stem for p in images]
    for stem in stems:
        if stems.count(stem) > 1:
            raise ValueError(
                f'folder {path} has several images named {stem}; rename one')
    return images


def dota_lines(sample: DetDataSample, classes: Sequence[str],
               score_thr: float) -> List[str]:
    """Predictions as lines ``x1 y1 ... x4 y4 class score``.

    Args:
        sample (DetDataSample): Result of an inference.
        classes (Sequence[str]): Class names.
        score_thr (float): Lowest score.

    Returns:
        List[str]: The lines.
    """
    found = sample.pred_instances.cpu()
    found = found[found.scores >= score_thr]
    corners = box_corners(get_box_tensor(found.bboxes).detach().numpy())
    return [
        ' '.join([f'{v:.2f}' for v in quad.ravel()] +
                 [classes[label], f'{score:.4f}'])
        for quad, label, score in zip(corners, found.labels.tolist(),
                                      found.scores.tolist())
    ]


def run(args: argparse.Namespace) -> None:
    """Detect and draw.

    Args:
        args (argparse.Namespace): See :func:`main`.

    Raises:
        FileNotFoundError: If image, config or checkpoint is missing.
        ValueError: If an image or the checkpoint cannot be read.
    """
    images = find_images(args.image)
    for name in ('config', 'checkpoint'):
        if not getattr(args, name).is_file():
            raise FileNotFoundError(
                f'there is no {name} {getattr(args, name)}')
    config = Config.fromfile(args.config)
    try:
        model = init_detector(config, str(args.checkpoint),
                              device=args.device)
    except (EOFError, OSError, RuntimeError, UnpicklingError) as error:
        raise ValueError(
            f'{args.checkpoint} cannot be loaded as a checkpoint of '
            f'{args.config}: {str(error).splitlines()[0]}') from error
    classes = model.dataset_meta['classes']
    visualizer = VISUALIZERS.build(
        dict(config.get('visualizer', dict(type='DetLocalVisualizer')),
             name='image_demo', vis_backends=None))
    visualizer.dataset_meta = model.dataset_meta
    args.out_dir.mkdir(parents=True, exist_ok=True)
    for path in images:
        pixels = read_image(path)
        if args.tile:
            sample = tiled_inference(
                model, path, tile=args.tile, overlap=args.overlap,
                batch_size=args.batch_size)
        else:
            sample = inference_detector(model, str(path))
        target = args.out_dir / f'{path.stem}.png'
        visualizer.add_datasample(
            path.stem, mmcv.bgr2rgb(pixels), sample, draw_gt=False,
            pred_score_thr=args.score_thr, out_file=str(target))
        lines = dota_lines(sample, classes, args.score_thr)
        if args.txt:
            target.with_suffix('.txt').write_text(
                ''.join(f'{line}\n' for line in lines))
        print(f'{path}: {len(lines)} of {len(sample.pred_instances)} boxes '
              f'with score >= {args.score_thr:g} -> {target}', flush=True)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description='Detect on images and draw the boxes')
    parser.add_argument('image', type=Path, help='image or folder')
    parser.add_argument('config', type=Path)
    parser.add_argument('checkpoint', type=Path)
    parser.add_argument('--out-dir', type=Path, default=Path('outputs'))
    parser.add_argument('--score-thr', type=float, default=0.3)
    parser.add_argument('--tile', type=int,
                        help='cut large images into tiles of this size')
    parser.add_argument('--overlap', type=int, default=256,
                        help='pixels that neighbouring tiles share')
    parser.add_argument('--batch-size', type=int, default=1,
                        help='tiles in one forward pass')
    parser.add_argument('--txt', action='store_true',
                        help='also write the corners of the boxes')
    parser.add_argument(
        '--device', default='cuda:0' if torch.cuda.is_available() else 'cpu')
    args = parser.parse_args(argv)
    try:
        run(args)
    except (FileNotFoundError, ValueError) as error:
        parser.exit(1, f'image_demo: {error}\n')


if __name__ == '__main__':
    main()
