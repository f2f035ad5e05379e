"""Items of any data set as single pictures, to look at them."""
import os.path as osp
from typing import Any, Iterator, List, Sequence, Union

import numpy as np
from mmdet.registry import DATASETS
from mmdet.structures import DetDataSample
from torch import Tensor

from mmextra.utils import HAS_VIDEO

if HAS_VIDEO:
    from mmdet.structures import TrackDataSample


@DATASETS.register_module()
class ImageViews:
    """A data set taken apart into single images with their boxes.

    mmdet's ``browse_dataset.py`` draws items of one image each. A query with
    its supports becomes one view for the query and one for every support, a
    clip one view for every frame; items of one image stay as they are. The
    views are named by the item and by what they are,
    ``000003_query_cat_0012.jpg``, so that none replaces another on disk.

    Args:
        dataset (dict or Dataset): The data set.
    """

    def __init__(self, dataset: Union[dict, Any]) -> None:
        self.dataset = DATASETS.build(dataset) if isinstance(
            dataset, dict) else dataset

    @property
    def metainfo(self) -> dict:
        """That of the data set."""
        return self.dataset.metainfo

    def __len__(self) -> int:
        """Number of items; of views there may be more."""
        return len(self.dataset)

    def __iter__(self) -> Iterator[dict]:
        """The views of all items, item by item."""
        for index in range(len(self)):
            yield from self.views(index)

    def views(self, index: int) -> List[dict]:
        """The views of an item.

        Args:
            index (int): Number of the item.

        Returns:
            list[dict]: ``inputs`` (3, h, w) and ``data_samples``, a
            :obj:`DetDataSample`.

        Raises:
            TypeError: If the item is of an unknown kind.
        """
        item = self.dataset[index]
        inputs, samples = item['inputs'], item['data_samples']
        if isinstance(samples, DetDataSample):
            return [item]
        if HAS_VIDEO and isinstance(samples, TrackDataSample):
            names = [f'frame{k}' for k in range(len(samples))]
            return self._named(index, list(inputs), list(samples), names)
        if isinstance(samples, dict) and {'query', 'support'} <= set(samples):
            query, supports = samples['query'], samples['support']
            names = ['query', *(f'support{k}' for k in range(len(supports)))]
            return self._named(
                index, [inputs['query'], *inputs['support']],
                [query, *supports],
                [f'{name}_{self._classes(sample)}'
                 for name, sample in zip(names, [query, *supports])])
        raise TypeError(
            f'item {index} of {type(self.dataset).__name__} has data_samples '
            f'of type {type(samples).__name__}, of which no picture is known')

    def _classes(self, sample: DetDataSample) -> str:
        """Names of the classes in a sample, fit for a file name."""
        labels = sorted(set(np.asarray(
            sample.gt_instances.labels).tolist()))
        names = [self.metainfo['classes'][label] for label in labels]
        return '-'.join(str(name).replace('/', '_') for name in names)

    @staticmethod
    def _named(index: int, inputs: Sequence[Tensor],
               samples: Sequence[DetDataSample],
               names: Sequence[str]) -> List[dict]:
        views = []
        for image, sample, name in zip(inputs, samples, names):
            sample = sample.clone()
            base = osp.basename(sample.get('img_path', 'image.png'))
            sample.set_metainfo(dict(
                img_path=f'{index:06d}_{name}_{base}'))
            views.append(dict(inputs=image[:3], data_samples=sample))
        return views
