"""Pictures of images with their detections."""
from pathlib import Path
from pickle import UnpicklingError
from typing import Iterator, List, NamedTuple, Optional, Sequence

import mmcv
from mmdet.apis import inference_detector, init_detector
from mmdet.registry import VISUALIZERS
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import get_box_tensor
from mmengine.config import Config

from mmextra.datasets.image_files import EXTENSIONS as DATA_EXTENSIONS
from mmextra.structures import box_corners

from .tiled_inference import read_image, tiled_inference

EXTENSIONS = (*DATA_EXTENSIONS, '.webp')


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


class Detected(NamedTuple):
    """An image, how many of its boxes reach the score, and the picture."""

    path: Path
    shown: int
    boxes: int
    picture: Path


def draw_detections(images: Sequence[Path], config_file: Path,
                    checkpoint: Path, out_dir: Path, *,
                    score_thr: float = 0.3, tile: Optional[int] = None,
                    overlap: int = 256, batch_size: int = 1,
                    txt: bool = False,
                    device: str = 'cpu') -> Iterator[Detected]:
    """Detect on images and draw the boxes, rotated or not.

    Args:
        images (Sequence[Path]): See :func:`find_images`.
        config_file (Path): The config.
        checkpoint (Path): The weights.
        out_dir (Path): Folder of the pictures, ``<name>.png``.
        score_thr (float): Lowest score of a box that is drawn.
        tile (int, optional): Cut large images into tiles of this size.
        overlap (int): Pixels that neighbouring tiles share.
        batch_size (int): Tiles in one forward pass.
        txt (bool): Also write the corners of the boxes.
        device (str): Where the detector runs.

    Yields:
        Detected: Image after image, once it is drawn.

    Raises:
        ValueError: If an image or the checkpoint cannot be read.
    """
    config = Config.fromfile(config_file)
    try:
        model = init_detector(config, str(checkpoint), device=device)
    except (EOFError, OSError, RuntimeError, UnpicklingError) as error:
        raise ValueError(
            f'{checkpoint} cannot be loaded as a checkpoint of '
            f'{config_file}: {str(error).splitlines()[0]}') from error
    classes = model.dataset_meta['classes']
    visualizer = VISUALIZERS.build(
        dict(config.get('visualizer', dict(type='DetLocalVisualizer')),
             name='image_demo', vis_backends=None))
    visualizer.dataset_meta = model.dataset_meta
    out_dir.mkdir(parents=True, exist_ok=True)
    for path in images:
        pixels = read_image(path)
        if tile:
            sample = tiled_inference(
                model, path, tile=tile, overlap=overlap,
                batch_size=batch_size)
        else:
            sample = inference_detector(model, str(path))
        target = out_dir / f'{path.stem}.png'
        visualizer.add_datasample(
            path.stem, mmcv.bgr2rgb(pixels), sample, draw_gt=False,
            pred_score_thr=score_thr, out_file=str(target))
        lines = dota_lines(sample, classes, score_thr)
        if txt:
            target.with_suffix('.txt').write_text(
                ''.join(f'{line}\n' for line in lines))
        yield Detected(path, len(lines), len(sample.pred_instances), target)
