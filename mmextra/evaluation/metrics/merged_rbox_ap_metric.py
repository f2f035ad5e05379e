from collections import defaultdict
from pathlib import Path
from typing import Dict, List, Optional, Sequence

import numpy as np
import torch
from mmrotate.registry import METRICS
from mmrotate.structures.bbox import qbox2rbox

from mmextra.datasets.class_names import (
    DOTA_ALIASES,
    DOTA_CLASSES,
    ClassNames,
    hint,
)
from mmextra.datasets.dota_txt import read_dota_txt
from mmextra.structures import (
    is_sliver,
    locate_tile,
    merge_nms,
    move_boxes,
)

from .rbox_ap_metric import RBoxAPMetric

NEEDED = ('it should hold the annotations of the full images that the tiles '
          'were cut from, <id>.txt in DOTA format')


@METRICS.register_module()
class MergedRBoxAPMetric(RBoxAPMetric):
    """:class:`RBoxAPMetric` on the full images that tiles were cut from.

    mmrotate's ``DOTAMetric(merge_patches=True)`` writes a file for the
    DOTA server and measures nothing. Here the predictions of all tiles
    ``<id>__<size>__<x>___<y>`` are moved to their image, cut ends are
    dropped, duplicates suppressed class by class, and the rest is matched
    with the ground truth of the full images, read from their own files.
    Quadrilaterals become rotated boxes as in the data set. Tiles of
    DOTA_devkit, ``<id>__<rate>__<x>___<y>``, are taken too; their size is
    that of the file. The full image
    is taken to end with its last tile, so all its tiles must be in the data
    set.

    Args:
        ann_dir (str): Folder of the full images' ``<id>.txt`` in DOTA's
            format. An image without file has no objects.
        nms (dict): How duplicates are suppressed; None keeps all.
        edge_margin (float): See
            :func:`~mmextra.structures.is_sliver`; 0 keeps all.
        diff_thr (int): Objects of greater difficulty are ignored.
        **kwargs: See :class:`RBoxAPMetric`.
    """

    default_prefix: Optional[str] = 'merged'

    def __init__(self,
                 ann_dir: str,
                 nms: Optional[dict] = dict(
                     type='nms_rotated', iou_threshold=0.1),
                 edge_margin: float = 8.,
                 diff_thr: int = 0,
                 **kwargs) -> None:
        super().__init__(**kwargs)
        self.ann_dir = Path(ann_dir)
        self.nms = nms
        self.edge_margin = edge_margin
        self.diff_thr = diff_thr

    @RBoxAPMetric.dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        """Take the meta information of the data set.

        A runner gives it before it trains, so that a wrong ``ann_dir`` does
        not show only after the first epochs.

        Raises:
            FileNotFoundError: If ``ann_dir`` is no folder or holds no text
                file.
        """
        if not self.ann_dir.is_dir():
            raise FileNotFoundError(
                f'ann_dir {self.ann_dir} is no folder; {NEEDED}')
        if next(self.ann_dir.glob('*.txt'), None) is None:
            raise FileNotFoundError(
                f'ann_dir {self.ann_dir} holds no text file; {NEEDED}')
        RBoxAPMetric.dataset_meta.fset(self, dataset_meta)

    def process(self, data_batch: dict,
                data_samples: Sequence[dict]) -> None:
        """See :class:`RBoxAPMetric`; keeps the size of the tiles."""
        before = len(self.results)
        super().process(data_batch, data_samples)
        for result, sample in zip(self.results[before:], data_samples):
            result['ori_shape'] = sample.get('ori_shape')

    def compute_metrics(self, results: List[dict]) -> Dict[str, float]:
        """Merge the tiles, then compute the AP.

        Args:
            results (List[dict]): One entry per tile.

        Returns:
            Dict[str, float]: The values, see :class:`RBoxAPMetric`.

        Raises:
            FileNotFoundError: If the folder has no file for any of the
                images.
            ValueError: If an image id is no tile name, or an annotation is
                malformed.
            KeyError: If an annotation is of a class that the data set does
                not have.
        """
        images = defaultdict(list)
        for result in results:
            tile, rate = locate_tile(
                result['img_id'], result.get('ori_shape'))
            images[tile.image].append((tile, rate, result))
        if images and not any(self._file(name).is_file() for name in images):
            raise FileNotFoundError(
                f'ann_dir {self.ann_dir} has no <id>.txt for any of the '
                f'{len(images)} images, e.g. {self._file(next(iter(images)))}')
        return super().compute_metrics([
            dict(self._merge(parts), **self._ground_truth(name), img_id=name)
            for name, parts in images.items()
        ])

    def _file(self, image: str) -> Path:
        return self.ann_dir / f'{image}.txt'

    def _merge(self, parts: list) -> Dict[str, np.ndarray]:
        """Predictions of the tiles of one image, in pixels of the image."""
        # Of the image at each rate, which ends with its last tile.
        sizes: Dict[float, np.ndarray] = defaultdict(lambda: np.zeros(2, int))
        for tile, rate, _ in parts:
            sizes[rate] = np.maximum(
                sizes[rate], [tile.x + tile.size, tile.y + tile.size])
        found = defaultdict(list)
        # A predicted box that is not finite has no place to be merged at.
        for tile, rate, result in parts:
            keep = np.isfinite(result['bboxes']).all(1)
            keep[keep] = ~is_sliver(result['bboxes'][keep], tile,
                                    *sizes[rate], self.edge_margin)
            boxes = move_boxes(torch.from_numpy(result['bboxes'][keep]),
                               tile.x, tile.y)
            # An angle stays what it is.
            boxes[:, :4 if boxes.size(-1) == 5 else None] /= rate
            found['bboxes'].append(boxes)
            for key in ('scores', 'labels'):
                found[key].append(torch.from_numpy(result[key][keep]))
        # An empty tile may not know the kind of its boxes.
        kinds = {b.size(-1) for b in found['bboxes'] if len(b)} or {5}
        boxes = torch.cat([b for b in found['bboxes'] if len(b)] or
                          [torch.zeros(0, kinds.pop())])
        scores, labels = torch.cat(found['scores']), torch.cat(found['labels'])
        keep, scores = merge_nms(boxes, scores, labels, self.nms)
        return dict(
            bboxes=boxes[keep].numpy(),
            scores=scores.numpy(),
            labels=labels[keep].numpy())

    def _ground_truth(self, image: str) -> Dict[str, np.ndarray]:
        path = self._file(image)
        if not path.is_file():
            return dict(
                gt_bboxes=np.zeros((0, 5), dtype=np.float32),
                gt_labels=np.zeros(0, dtype=np.int64),
                gt_ignored=np.zeros(0, dtype=bool))
        objects = read_dota_txt(path)
        names = ClassNames(self.classes, DOTA_CLASSES, DOTA_ALIASES)
        labels = [names.label(name) for name in objects.names]
        if None in labels:
            unknown = objects.names[labels.index(None)]
            raise KeyError(
                f'{path}: class {unknown!r} is none of the data set '
                f'{tuple(self.classes)}; {hint([unknown], self.classes)}; '
                'add it to metainfo.classes')
        quads = torch.from_numpy(objects.quads).float()
        return dict(
            gt_bboxes=qbox2rbox(quads).numpy() if len(quads) else np.zeros(
                (0, 5), dtype=np.float32),
            gt_labels=np.array(labels, dtype=np.int64),
            gt_ignored=objects.difficulties > self.diff_thr)
