"""Small pictures for every paper: scenes of its synthetic data, and what its
published weights find in them."""
from pathlib import Path
from typing import Any, Iterator, NamedTuple, Optional, Sequence, Tuple

import cv2
import mmcv
import numpy as np
from mmdet.apis import inference_detector
from mmdet.registry import DATASETS, HOOKS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmextra.synthetic import GENERATORS
from mmextra.utils import config_root
from mmextra.utils.named_weights import PREFIX, published_weights
from mmextra.utils.palettes import with_enough_colours
from mmextra.visualization import PictureVisualizer

from .init_detector import init_detector

# Of a scene in the strip, and between two, in pixels.
SIDE, GAP = 320, 6
# From which on a detection is drawn.
SCORE = 0.3


class Scenes(NamedTuple):
    """Where a paper's scenes are from.

    Attributes:
        generator: Key of ``GENERATORS``.
        folder: The data set within what the generator writes.
        config: Whose test set it is.
        numbers: Of the images that are drawn.
        options: What the generator is told.
    """
    generator: str
    folder: str
    config: str
    numbers: Tuple[int, ...]
    options: dict


SCENES = dict(
    larsd=Scenes('harbour', '', 'larsd/synthetic.py', (0, 1, 2), {}),
    lcb_yolov5=Scenes('aerial', '', 'lcb_yolov5/synthetic.py', (0, 1, 2),
                      {}),
    gcn_fsod=Scenes('toys', '', 'gcn_fsod/synthetic-5shot.py', (0, 1, 2),
                    dict(num_val=60, num_test=12)),
    feature_forecast=Scenes(
        'moving_objects', '', 'feature_forecast/synthetic-pretrain.py',
        (0, 3, 6), dict(frames=12)),
    covid_ct_mask_net=Scenes('ct', 'covid_data',
                             'covid_ct_mask_net/synthetic.py', (0, 1, 2), {}))


def scenes_of(config: Path, root: Path, numbers: Sequence[int],
              model: Optional[Any] = None) -> Iterator[np.ndarray]:
    """Images of a config's test set with their boxes and masks.

    Args:
        config (Path): The config.
        root (Path): Folder of its data.
        numbers (Sequence[int]): Of the images.
        model (nn.Module, optional): What it finds is drawn in place of the
            ground truth.

    Yields:
        np.ndarray: (h, w, 3) RGB, enlarged.
    """
    cfg = Config.fromfile(config)
    part = cfg.test_dataloader.dataset
    part.data_root = f'{root}/'
    # Of CT the slices without lesions would be drawn as well.
    part.filter_cfg = dict(filter_empty_gt=True)
    part.test_mode = False
    if not any(step.type.endswith('LoadAnnotations')
               for step in part.pipeline):
        # Of few-shot sets; behind the resize, so in pixels of the file.
        part.pipeline.insert(-1, dict(type='LoadAnnotations', with_bbox=True))
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        dataset = DATASETS.build(part)
    if model is not None:
        _show_supports(model, cfg, root, dataset)
    visualizer = PictureVisualizer(f'pictures_{config.parent.name}',
                                   labels='off')
    visualizer.dataset_meta = with_enough_colours(dataset.metainfo)
    for number in numbers:
        sample: DetDataSample = dataset[number]['data_samples']
        if model is not None:
            sample = inference_detector(model, sample.img_path)
        pixels = mmcv.imread(sample.img_path, channel_order='rgb')
        visualizer.add_datasample(
            'scene', pixels, sample, draw_gt=model is None,
            draw_pred=model is not None, pred_score_thr=SCORE)
        yield visualizer.get_image()


def _show_supports(model: Any, cfg: Config, root: Path,
                   dataset: Any) -> None:
    """Show a few-shot detector the supports of its config."""
    for hook in cfg.get('custom_hooks', []):
        if hook.type == 'SupportInitHook':
            hook.dataset.data_root = f'{root}/'
            HOOKS.build(hook).show(model, dataset)


def strip(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Pictures side by side, all as high as each other, on white."""
    parts = []
    for picture in pictures:
        height, width = picture.shape[:2]
        part = cv2.resize(picture, (round(width * SIDE / height), SIDE),
                          interpolation=cv2.INTER_AREA)
        parts += [part, np.full((SIDE, GAP, 3), 255, np.uint8)]
    return np.hstack(parts[:-1])


def draw_paper_pictures(out: Path, work_dir: Path,
                        papers: Sequence[str] = ()) -> Iterator[Path]:
    """Write data of every paper and draw some of it.

    Args:
        out (Path): Folder of the pictures, ``<paper>_scenes.jpg``, and where
            weights of the config are published, ``<paper>_found.jpg``:
            ground truth above, detections below.
        work_dir (Path): Where the synthetic data go.
        papers (Sequence[str]): Keys of :data:`SCENES`; all if empty.

    Yields:
        Path: Picture after picture, once it is drawn.
    """
    out.mkdir(parents=True, exist_ok=True)
    for paper in papers or SCENES:
        scenes = SCENES[paper]
        root = work_dir / scenes.generator
        GENERATORS[scenes.generator](root, **{
            **dict(num_train=1, num_val=1, num_test=3), **scenes.options})
        config = config_root() / scenes.config
        data = root / scenes.folder
        truth = strip(list(scenes_of(config, data, scenes.numbers)))
        yield _write(out / f'{paper}_scenes.jpg', truth)
        weights = f'{paper}_{config.stem}'
        if weights in published_weights():
            model = init_detector(config, PREFIX + weights, device='cpu')
            found = strip(list(scenes_of(
                config, data, scenes.numbers, model)))
            gap = np.full((GAP, truth.shape[1], 3), 255, np.uint8)
            yield _write(out / f'{paper}_found.jpg',
                         np.vstack([truth, gap, found]))


def _write(path: Path, picture: np.ndarray) -> Path:
    mmcv.imwrite(mmcv.rgb2bgr(picture), str(path),
                 [cv2.IMWRITE_JPEG_QUALITY, 85])
    return path
