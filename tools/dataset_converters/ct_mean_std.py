"""Mean and standard deviation of the pixels of a config's training images.

Research only, not a medical device. The paper subtracts "the global mean"
and divides by "the global standard deviation"; the released code has those of
ImageNet, as the configs here. This prints the data's own, for
model.data_preprocessor, of the images as the config loads them:
LoadCTSlice applies its window to DICOM, NIfTI and 16 bits.

Example:
    python tools/dataset_converters/ct_mean_std.py \
        configs/covid_ct_mask_net/cncb-r18_t1.py
"""
import argparse
import sys
from pathlib import Path
from typing import Iterable, Iterator, List, Optional, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import mmextra  # noqa: E402, F401 isort: skip
import numpy as np  # noqa: E402
from mmdet.registry import DATASETS  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.registry import init_default_scope  # noqa: E402
from rich.progress import track  # noqa: E402

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


def load_images(cfg: Config) -> Iterator[np.ndarray]:
    """The training images of a config, (h, w, c), red first.

    Raises:
        ValueError: If its pipeline loads no image.
    """
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


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config')
    args = parser.parse_args(argv)
    try:
        cfg = Config.fromfile(args.config)
        init_default_scope(cfg.get('default_scope', 'mmdet'))
        mean, std = mean_std(load_images(cfg))
    except (ImportError, OSError, ValueError) as error:
        parser.exit(1, f'ct_mean_std: {error}\n')
    for name, values in (('mean', mean), ('std', std)):
        print(f'{name}={[round(float(v), 3) for v in values]},')


if __name__ == '__main__':
    main()
