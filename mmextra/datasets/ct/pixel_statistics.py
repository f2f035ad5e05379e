"""Mean and standard deviation of the pixels that a config trains on.

Research only, not a medical device.
"""
from typing import Iterable, Iterator, Tuple

import numpy as np
from mmdet.registry import DATASETS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from rich.progress import track

LOADERS = ('LoadCTSlice', 'LoadImageFromFile')


def mean_std(images: Iterable[np.ndarray]
             ) -> Tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation per channel over all pixels.

    Args:
        images (Iterable[np.ndarray]): (h, w, c) each, any sizes.

    Returns:
        tuple[np.ndarray]: (c, ) each.

    Raises:
        ValueError: If there is no image.
    """
    count, total, squares = 0, 0., 0.
    for image in images:
        pixels = image.reshape(-1, image.shape[-1]).astype(np.float64)
        count += len(pixels)
        total = total + pixels.sum(axis=0)
        squares = squares + (pixels**2).sum(axis=0)
    if not count:
        raise ValueError('there is no image')
    mean = total / count
    return mean, np.sqrt(np.maximum(squares / count - mean**2, 0))


def training_images(cfg: Config) -> Iterator[np.ndarray]:
    """The training images of a config, (h, w, c), red first.

    Raises:
        ValueError: If its pipeline loads no image.
    """
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    settings = cfg.train_dataloader.dataset
    while 'dataset' in settings:
        # Wrappers, like RepeatDataset.
        settings = settings.dataset
    loader = next((step for step in settings.pipeline
                   if step.type in LOADERS), None)
    if loader is None:
        raise ValueError(
            f'{cfg.filename}: the training pipeline has none of '
            f'{", ".join(LOADERS)}; put one at its beginning')
    dataset = DATASETS.build(dict(settings, pipeline=[loader]))
    for k in track(range(len(dataset)), 'images'):
        yield np.atleast_3d(dataset[k]['img'])[..., ::-1]
