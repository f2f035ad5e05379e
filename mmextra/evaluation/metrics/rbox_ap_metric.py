import warnings
from typing import Dict, List, Literal, Optional, Sequence, Union

import numpy as np
from mmdet.structures.bbox import get_box_tensor
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger, print_log
from mmrotate.registry import METRICS
from terminaltables import AsciiTable

from mmextra.utils.arrays import as_numpy
from mmextra.utils.checks import check_choice

from ..functional import ClassAP, rotated_average_precision

# Of VOC 2007 and of VOC 2012.
EvalMode = Literal['11points', 'area']


def _instances(sample: dict, key: str) -> dict:
    """Boxes, labels and scores of a sample as arrays; empty ones if absent.

    A pipeline without ``LoadAnnotations`` leaves empty instances.
    """
    found = sample.get(key) or {}
    if 'bboxes' not in found:
        return dict(
            bboxes=np.zeros((0, 5), dtype=np.float32),
            labels=np.zeros(0, dtype=np.int64),
            scores=np.zeros(0, dtype=np.float32))
    arrays = {'bboxes': get_box_tensor(found['bboxes'])}
    arrays.update({k: found[k] for k in ('labels', 'scores') if k in found})
    return {k: as_numpy(v) for k, v in arrays.items()}


@METRICS.register_module()
class RBoxAPMetric(BaseMetric):
    """VOC average precision of rotated boxes, by an exact IoU.

    Unlike mmrotate's ``DOTAMetric`` it measures the IoU in float64 without
    the faults of ``box_iou_rotated`` at collinear edges, starts no worker
    processes, does not round, and returns values also when there are no
    predictions. Predictions and ground truth must both be in the
    coordinates of the original image: in the test pipeline
    ``LoadAnnotations`` stands after ``Resize``.

    All values are fractions. ``AP50`` (one key per IoU threshold) is the
    mean over the classes that have ground truth, ``mAP`` the mean over the
    thresholds (only when there are several), ``recall50`` the recall of all
    detections at the first threshold and ``num_gt`` the number of ground
    truths that count. With several classes ``AP50_<class>`` gives the AP of
    each at the first threshold. Without ground truth AP and recall are NaN
    and a warning says so.

    Args:
        iou_thrs (float | Sequence[float]): IoU that a detection must reach.
        eval_mode (str): ``'11points'`` as in VOC 2007, the way the HRSC2016
            tables count, or ``'area'`` as in VOC 2012.
        collect_device (str): ``'cpu'`` or ``'gpu'``, see ``BaseMetric``.
        prefix (str, optional): Put before the keys, e.g. ``'voc07'``.

    Raises:
        ValueError: If the mode is unknown, or the thresholds are none,
            outside (0, 1] or equal in whole percent.
    """

    default_prefix: Optional[str] = 'rbox'

    def __init__(self,
                 iou_thrs: Union[float, Sequence[float]] = 0.5,
                 eval_mode: EvalMode = 'area',
                 collect_device: str = 'cpu',
                 prefix: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        check_choice('eval_mode', eval_mode, EvalMode)
        self.eval_mode = eval_mode
        self.iou_thrs = np.atleast_1d(np.asarray(iou_thrs, np.float64))
        self.names = [f'{round(100 * thr):02d}' for thr in self.iou_thrs]
        if (not self.names or self.iou_thrs.ndim != 1
                or not ((self.iou_thrs > 0) & (self.iou_thrs <= 1)).all()
                or len(set(self.names)) < len(self.names)):
            raise ValueError(
                'iou_thrs must be one or several numbers in (0, 1] that '
                f'differ in whole percent, got {iou_thrs!r}')

    @property
    def classes(self) -> Sequence[str]:
        """Class names of the data set.

        Raises:
            KeyError: If the data set told none.
        """
        classes = (self.dataset_meta or {}).get('classes')
        if not classes:
            raise KeyError(
                f"{type(self).__name__} needs dataset_meta['classes']: give "
                "the data set METAINFO or metainfo=dict(classes=(...,))")
        return classes

    def process(self, data_batch: dict,
                data_samples: Sequence[dict]) -> None:
        """Keep the boxes of one batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): Samples with ``pred_instances``,
                ``gt_instances`` and ``ignored_instances``.
        """
        for sample in data_samples:
            image = _instances(sample, 'pred_instances')
            gts = _instances(sample, 'gt_instances')
            ignored = _instances(sample, 'ignored_instances')
            if not len(ignored['bboxes']):
                ignored['bboxes'] = gts['bboxes'][:0]
            if not len(gts['bboxes']):
                gts['bboxes'] = ignored['bboxes'][:0]
            image.update(
                img_id=sample.get('img_id'),
                gt_bboxes=np.concatenate([gts['bboxes'], ignored['bboxes']]),
                gt_labels=np.concatenate([gts['labels'], ignored['labels']]),
                gt_ignored=np.repeat(
                    [False, True],
                    [len(gts['labels']), len(ignored['labels'])]))
            self.results.append(image)

    def compute_metrics(self, results: List[dict]) -> Dict[str, float]:
        """Compute the AP from what :meth:`process` kept.

        Args:
            results (List[dict]): One entry per image.

        Returns:
            Dict[str, float]: The values, see the class.

        Raises:
            KeyError: If the class names are unknown.
            ValueError: If a label is no class of the data set.
        """
        classes = self.classes
        for image in results:
            for key in ('labels', 'gt_labels'):
                wrong = image[key][(image[key] < 0) |
                                   (image[key] >= len(classes))]
                if len(wrong):
                    raise ValueError(
                        f"image {image['img_id']!r} has {key} {wrong[0]}, "
                        f'but the data set has {len(classes)} classes; does '
                        'num_classes of the model match the data set?')
        broken = sum(
            int((~np.isfinite(image['bboxes'])).any(1).sum())
            for image in results)
        if broken:
            warnings.warn(
                f'{broken} predicted boxes are not finite; they count as '
                'false positives', stacklevel=2)
        per_class = rotated_average_precision(
            results, len(classes), self.iou_thrs, self.eval_mode)
        counted = [c for c in per_class if c.num_gts > 0]
        if counted:
            ap = np.mean([c.ap for c in counted], 0)
            recall = np.mean([c.recall for c in counted], 0)
        else:
            warnings.warn(
                'there is no ground truth to compare with, AP is NaN; does '
                'the test pipeline have LoadAnnotations, and do the class '
                'names match the files?', stacklevel=2)
            ap = recall = np.full(len(self.names), np.nan)
        metrics = {
            f'AP{name}': float(value)
            for name, value in zip(self.names, ap)
        }
        if len(self.names) > 1:
            metrics['mAP'] = float(np.mean(ap))
        if len(classes) > 1:
            metrics.update({
                f'AP{self.names[0]}_{name}': float(c.ap[0])
                for name, c in zip(classes, per_class)
            })
        metrics[f'recall{self.names[0]}'] = float(recall[0])
        metrics['num_gt'] = sum(c.num_gts for c in per_class)
        self._log_table(per_class, ap[0], recall[0])
        return metrics

    def _log_table(self, per_class: List[ClassAP], ap: float,
                   recall: float) -> None:
        rows = [['class', 'gts', 'dets', 'recall', 'AP']]
        rows += [[name, c.num_gts, c.num_dets, f'{c.recall[0]:.3f}',
                  f'{c.ap[0]:.3f}']
                 for name, c in zip(self.classes, per_class)]
        rows.append(['mean', '', '', f'{recall:.3f}', f'{ap:.3f}'])
        table = AsciiTable(
            rows, title=f'{self.prefix} IoU {self.iou_thrs[0]:g} '
            f'({self.eval_mode})')
        table.inner_footing_row_border = True
        print_log('\n' + table.table,
                  logger=MMLogger.get_current_instance())
