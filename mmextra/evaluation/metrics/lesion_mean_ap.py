"""AP of lesion masks, averaged over images."""
from typing import Dict, List, Optional, Sequence

import numpy as np
import torch
from mmdet.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger, print_log
from pycocotools import mask as mask_utils
from terminaltables import AsciiTable

from mmextra.utils.arrays import as_numpy

from ..functional.image_mask_ap import image_average_precision

# Rounded, for an IoU of exactly 0.6 must not exceed the threshold 0.6.
IOU_THRS = tuple(round(0.5 + 0.05 * k, 2) for k in range(10))


def encode_masks(masks) -> List[dict]:
    """RLE of predicted masks.

    Args:
        masks (Tensor, np.ndarray or list[dict]): (n, h, w), or RLE already.

    Returns:
        list[dict]: RLE of pycocotools.
    """
    if isinstance(masks, list):
        return masks
    if isinstance(masks, torch.Tensor):
        masks = as_numpy(masks)
    masks = np.asarray(masks).astype(np.uint8).transpose(1, 2, 0)
    return mask_utils.encode(np.asfortranarray(masks))


def decode_annotation(mask, height: int, width: int) -> dict:
    """RLE of a mask as annotations have it: RLE or polygons."""
    if isinstance(mask, dict) and not isinstance(mask['counts'], list):
        return mask
    rle = mask_utils.frPyObjects(mask, height, width)
    return mask_utils.merge(rle) if isinstance(rle, list) else rle


@METRICS.register_module()
class LesionMeanAP(BaseMetric):
    """AP of instance masks per image, averaged over the images (Table 2).

    The evaluation that was released with COVID-CT-Mask-Net, see
    :func:`~mmextra.evaluation.functional.image_mask_ap.\
image_average_precision`. The paper calls it COCO's AP; it is not, and the two
    cannot be compared. Put mmdet's ``CocoMetric`` beside it. Predictions
    are those of ``pred_instances.masks`` in pixels of the original image,
    ground truths those of the meta key ``instances`` (masks as RLE or
    polygons; ``ignore_flag`` ones are left out).

    All values are fractions: ``mAP``, the mean over the thresholds, and
    ``AP50``, ``AP75`` where these are among them. Small lesions that the
    data set leaves out are left out here as well.

    Args:
        iou_thrs (Sequence[float]): IoU thresholds.
        score_thr (float, optional): Leave out detections that do not exceed
            it; without it the model's own threshold counts.
        strict (bool): The IoU must exceed the threshold.
        per_class (bool): Also ``AP50_<class>`` and so on: the same with the
            detections and ground truths of that class alone.
        collect_device (str): ``'cpu'`` or ``'gpu'``.
        prefix (str, optional): Put before the keys, ``'lesion'`` if None.

    Raises:
        ValueError: If the thresholds are not in (0, 1).
    """

    default_prefix: Optional[str] = 'lesion'

    def __init__(self,
                 iou_thrs: Sequence[float] = IOU_THRS,
                 score_thr: Optional[float] = None,
                 strict: bool = True,
                 per_class: bool = False,
                 collect_device: str = 'cpu',
                 prefix: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.iou_thrs = tuple(iou_thrs)
        if not self.iou_thrs or not all(0 < t < 1 for t in self.iou_thrs):
            raise ValueError(
                f'iou_thrs must be numbers between 0 and 1, got {iou_thrs!r}')
        self.score_thr = score_thr
        self.strict = strict
        self.per_class = per_class

    def process(self, data_batch: dict,
                data_samples: Sequence[dict]) -> None:
        """Measure the IoUs of one batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): Samples with ``pred_instances``
                and ``instances``.

        Raises:
            KeyError: If a sample has no ``instances`` or no masks.
        """
        for sample in data_samples:
            if 'instances' not in sample:
                raise KeyError(
                    f'{sample.get("img_path")}: LesionMeanAP needs the '
                    'ground truth in the meta key "instances": end the test '
                    'pipeline with PackCTInputs')
            found = sample['pred_instances']
            if 'masks' not in found:
                raise KeyError(
                    f'{sample.get("img_path")}: the predictions have no '
                    'masks; LesionMeanAP needs a model with a mask head')
            scores = as_numpy(found['scores'])
            labels = as_numpy(found['labels'])
            kept = np.arange(len(scores))
            if self.score_thr is not None:
                kept = np.flatnonzero(scores > self.score_thr)
            masks = encode_masks(found['masks'])
            truth = [each for each in sample['instances']
                     if not each.get('ignore_flag', 0)]
            height, width = sample['ori_shape'][:2]
            gts = [decode_annotation(each['mask'], height, width)
                   for each in truth]
            ious = np.zeros((len(kept), len(gts)))
            if ious.size:
                ious[:] = mask_utils.iou(
                    [masks[k] for k in kept], gts, [0] * len(gts))
            self.results.append(dict(
                ious=ious, scores=scores[kept], labels=labels[kept],
                gt_labels=np.array(
                    [each['bbox_label'] for each in truth], np.int64)))

    def _mean(self, results: List[dict]) -> Dict[str, float]:
        values = np.mean([
            image_average_precision(
                each['ious'], each['scores'], each['labels'],
                each['gt_labels'], self.iou_thrs, self.strict)
            for each in results
        ], axis=0)
        metrics = {'mAP': float(values.mean())}
        for thr, value in zip(self.iou_thrs, values):
            if round(thr, 4) in (0.5, 0.75):
                metrics[f'AP{round(100 * thr)}'] = float(value)
        return metrics

    def compute_metrics(self, results: List[dict]) -> Dict[str, float]:
        """Average over the images.

        Args:
            results (list[dict]): One entry per image.

        Returns:
            dict[str, float]: See the class.
        """
        metrics = self._mean(results)
        rows = [['class', 'images', 'gts', 'dets', *metrics],
                self._row('all', results, metrics)]
        if self.per_class:
            for label, name in enumerate(self.dataset_meta['classes']):
                part = [self._of_class(each, label) for each in results]
                values = self._mean(part)
                rows.append(self._row(name, part, values))
                metrics.update({
                    f'{key}_{name}': value for key, value in values.items()})
        table = AsciiTable(rows, title='AP per image')
        print_log('\n' + table.table,
                  logger=MMLogger.get_current_instance())
        return metrics

    @staticmethod
    def _row(name: str, results: List[dict], values: dict) -> List[str]:
        return [name, len(results),
                sum(len(each['gt_labels']) for each in results),
                sum(len(each['scores']) for each in results),
                *(f'{value:.4f}' for value in values.values())]

    @staticmethod
    def _of_class(image: dict, label: int) -> dict:
        dets, gts = image['labels'] == label, image['gt_labels'] == label
        return dict(
            ious=image['ious'][dets][:, gts], scores=image['scores'][dets],
            labels=image['labels'][dets], gt_labels=image['gt_labels'][gts])
