"""Pictures of images with their detections."""
import copy
from pathlib import Path
from pickle import UnpicklingError
from typing import (
    Any,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

import mmcv
import numpy as np
from mmdet.apis import inference_detector
from mmdet.registry import TRANSFORMS
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import get_box_tensor
from mmdet.utils import get_test_pipeline_cfg
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmextra.datasets.ct import slice_stem
from mmextra.datasets.ct_files import DICOM, NIFTI, is_volume, slice_file
from mmextra.datasets.image_files import EXTENSIONS as DATA_EXTENSIONS
from mmextra.datasets.image_files import is_stranger
from mmextra.datasets.tiff_windows import open_pixels, overview
from mmextra.evaluation.formats import Detections, write_detections
from mmextra.utils.palettes import with_enough_colours
from mmextra.visualization import PictureVisualizer
from mmextra.visualization.pictures import Labels

from .init_detector import init_detector
from .tiled_inference import tiled_inference

EXTENSIONS = (*DATA_EXTENSIONS, '.webp', *DICOM)


def find_images(path: Path) -> List[Path]:
    """The images that a path means.

    Args:
        path (Path): An image, a slice of a volume (``scan.nii.gz#12``), or
            a folder of images and DICOM files.

    Returns:
        List[Path]: The files, sorted.

    Raises:
        FileNotFoundError: If there is no such path, or no image in it.
        ValueError: If two images would be written to one file.
    """
    if Path(slice_file(str(path))).is_file():
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(f'there is no image or folder {path}')
    images = sorted(
        p for p in path.iterdir() if p.suffix.lower() in EXTENSIONS
        and not is_stranger(p.name))
    if not images:
        raise FileNotFoundError(
            f'folder {path} has no image ({", ".join(EXTENSIONS)})')
    stems = [p.stem for p in images]
    for stem in stems:
        if stems.count(stem) > 1:
            raise ValueError(
                f'folder {path} has several images named {stem}; rename one')
    return images


def demo_pixels(config: Config, path: Path) -> Tuple[np.ndarray, int]:
    """An image as the test pipeline of a config loads it.

    Args:
        config (Config): With a ``test_dataloader``.
        path (Path): See :func:`find_images`.

    Returns:
        tuple[np.ndarray, int]: (h, w, 3) uint8, BGR, and how often smaller
        than the image it is: more than 1 for a TIFF that is read by windows.

    Raises:
        ValueError: If the pipeline cannot read such a file.
    """
    loader = get_test_pipeline_cfg(config)[0]
    if str(loader['type']).endswith('LoadCTSlice'):
        with DefaultScope.overwrite_default_scope('mmdet'):
            load = TRANSFORMS.build(dict(loader, to_rgb=True))
        return load(dict(img_path=str(path)))['img'], 1
    if is_volume(str(path)) or path.suffix.lower() in DICOM:
        raise ValueError(
            f'{path} is a DICOM file or a volume ({", ".join(DICOM + NIFTI)})'
            f', which {loader["type"]} cannot read; begin the test pipeline '
            'with dict(type="LoadCTSlice")')
    pixels = open_pixels(str(path))
    return (pixels, 1) if isinstance(pixels, np.ndarray) else overview(pixels)


def smaller(sample: DetDataSample, factor: int) -> DetDataSample:
    """A result in pixels of a picture of ``1 / factor`` the size."""
    if factor == 1:
        return sample
    sample = copy.deepcopy(sample)
    found = sample.pred_instances
    boxes = get_box_tensor(found.bboxes).clone()
    # The fifth of a rotated box is its angle.
    sides = 4 if boxes.shape[-1] == 5 else boxes.shape[-1]
    boxes[:, :sides] /= factor
    found.bboxes = boxes
    return sample


class Detected(NamedTuple):
    """An image, how many of its boxes reach the score, and the picture."""

    path: Path
    shown: int
    boxes: int
    picture: Path


def draw_detections(images: Sequence[Path], config_file: Path,
                    checkpoint: Union[str, Path], out_dir: Path, *,
                    score_thr: float = 0.3, tile: Optional[int] = None,
                    overlap: int = 256, batch_size: int = 1,
                    formats: Sequence[str] = (), labels: Labels = 'auto',
                    device: str = 'cpu') -> Iterator[Detected]:
    """Detect on images and draw the boxes, rotated or not.

    Args:
        images (Sequence[Path]): See :func:`find_images`.
        config_file (Path): The config.
        checkpoint (str or Path): The weights; an address as a str.
        out_dir (Path): Folder of the pictures, ``<name>.png``.
        score_thr (float): Lowest score of a box that is drawn.
        tile (int, optional): Cut large images into tiles of this size.
        overlap (int): Pixels that neighbouring tiles share.
        batch_size (int): Tiles in one forward pass.
        formats (Sequence[str]): Also write the boxes that are drawn in
            these, see :data:`~mmextra.evaluation.formats.FORMATS`; several
            into folders of their names.
        labels (str): Which labels are drawn, see
            :func:`~mmextra.visualization.draw_boxes`.
        device (str): Where the detector runs.

    Yields:
        Detected: Image after image, once it is drawn.

    Raises:
        ValueError: If an image or the checkpoint cannot be read, or a
            format cannot hold the boxes.
    """
    config = Config.fromfile(config_file)
    try:
        model: Any = init_detector(config, str(checkpoint), device=device)
    except (EOFError, OSError, RuntimeError, UnpicklingError) as error:
        raise ValueError(
            f'{checkpoint} cannot be loaded as a checkpoint of '
            f'{config_file}: {str(error).splitlines()[0]}') from error
    classes = model.dataset_meta['classes']
    visualizer = PictureVisualizer('image_demo', labels=labels)
    visualizer.dataset_meta = with_enough_colours(model.dataset_meta)
    out_dir.mkdir(parents=True, exist_ok=True)
    found: List[Detections] = []
    for path in images:
        pixels, factor = demo_pixels(config, path)
        if tile:
            sample = tiled_inference(
                model, path, tile=tile, overlap=overlap,
                batch_size=batch_size)
        else:
            sample = inference_detector(model, str(path))
        target = out_dir / f'{slice_stem(path.name)}.png'
        visualizer.add_datasample(
            path.stem, mmcv.bgr2rgb(pixels), smaller(sample, factor),
            draw_gt=False, pred_score_thr=score_thr, out_file=str(target))
        each = Detections.from_sample(sample, classes, score_thr, str(path))
        found.append(each)
        yield Detected(path, len(each), len(sample.pred_instances), target)
    for form in formats:
        # Several have files of the same names.
        write_detections(
            found, form, out_dir / form if len(formats) > 1 else out_dir)
