"""VOC's AP50, for splits of the classes too."""
from typing import Dict, Sequence, Union

import numpy as np
from mmdet.evaluation import eval_map
from mmdet.evaluation.metrics import VOCMetric
from mmdet.registry import METRICS
from mmengine.logging import MMLogger

from mmextra.utils.class_splits import (
    VOC_SPLITS,
    Splits,
    resolve_classes,
)


@METRICS.register_module()
class FewShotVOCMetric(VOCMetric):
    """AP of all classes and of splits of them, 11 points by default.

    Boxes in the files of VOC count pixels from 1, and the ground truth of a
    test stays so; predictions are moved there first.

    Args:
        class_splits (Sequence[str] or dict, optional): Names of VOC's
            splits, or own names with their classes.
        coordinate_offset (Sequence[int]): As in ``FewShotVOCDataset``; its
            inverse is added to the predictions.
        kwargs: See mmdet's ``VOCMetric``; only ``metric='mAP'``.

    Raises:
        ValueError: If the dataset has no class of a split.
    """

    def __init__(self,
                 *args,
                 class_splits: Union[Sequence[str], Splits, None] = None,
                 coordinate_offset: Sequence[int] = (-1, -1, 0, 0),
                 **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.metric != 'mAP':
            raise ValueError('FewShotVOCMetric measures mAP, got metric='
                             f'{self.metric!r}')
        if not isinstance(class_splits, dict):
            class_splits = {
                name: resolve_classes(name, VOC_SPLITS, 'FewShotVOCMetric')
                for name in class_splits or ()
            }
        self.class_splits = class_splits
        self.coordinate_offset = np.asarray(coordinate_offset)

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Collect one batch, see mmdet's ``VOCMetric``."""
        super().process(data_batch, data_samples)
        for _, detections in self.results[-len(data_samples):]:
            for boxes in detections:
                boxes[:, :4] -= self.coordinate_offset

    def compute_metrics(self, results: list) -> Dict[str, float]:
        """The APs of all images.

        Args:
            results (list): What ``process`` collected.

        Returns:
            dict[str, float]: ``mAP`` over the thresholds, ``AP50`` and so on
            for each; the same of each split, with its name in front.
        """
        names = list(self.dataset_meta['classes'])
        truths, predictions = zip(*results)
        found, means = {}, []
        for threshold in self.iou_thrs:
            mean, classes = eval_map(
                list(predictions),
                list(truths),
                scale_ranges=self.scale_ranges,
                iou_thr=threshold,
                # mmdet knows VOC's classes in an order of its own.
                dataset=names,
                logger=MMLogger.get_current_instance(),
                eval_mode=self.eval_mode,
                use_legacy_coordinate=True)
            means.append(float(mean))
            key = f'AP{round(threshold * 100):02d}'
            found[key] = means[-1]
            for split, wanted in self.class_splits.items():
                found[f'{split}_{key}'] = self._mean_of(
                    split, wanted, names, classes)
        for split in self.class_splits:
            found[f'{split}_mAP'] = float(np.mean([
                found[f'{split}_AP{round(threshold * 100):02d}']
                for threshold in self.iou_thrs]))
        return dict(mAP=float(np.mean(means)), **found)

    @staticmethod
    def _mean_of(split: str, wanted: Sequence[str], names: Sequence[str],
                 classes: Sequence[dict]) -> float:
        own = [float(one['ap']) for name, one in zip(names, classes)
               if name in wanted and one['num_gts'] > 0]
        if not any(name in wanted for name in names):
            raise ValueError(
                f'FewShotVOCMetric: the dataset has no class of {split} '
                f'{tuple(wanted)}; its classes are {tuple(names)}')
        return float(np.mean(own)) if own else 0.
