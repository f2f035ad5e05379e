"""Precision, recall and AP as YOLOv5 reports them."""
import warnings
from typing import Dict, List, Literal, Optional, Sequence, Tuple

import numpy as np
from mmdet.registry import METRICS
from mmdet.structures.bbox import get_box_tensor
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger, print_log
from terminaltables import AsciiTable

from mmextra.utils.arrays import as_numpy
from mmextra.utils.checks import check_choice

from ..functional.precision_recall import (
    APMode,
    ClassCurves,
    best_confidence,
    class_curves,
    covered_share,
    match_best_gt,
)

IgnoreMode = Literal['none', 'drop']


def ground_truth(sample: dict) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Annotations of an image.

    Args:
        sample (dict): With ``instances`` as the data set holds them (in
            ``meta_keys`` of ``PackDetInputs``), which are in pixels of the
            original image; or else with ``gt_instances`` and
            ``ignored_instances``, which are only where the pipeline has
            ``LoadAnnotations`` behind ``Resize``.

    Returns:
        tuple[np.ndarray, np.ndarray, np.ndarray]: Boxes (m, 4), labels
        (m, ) and ignored regions (k, 4).

    Raises:
        KeyError: If the sample has neither.
    """
    if sample.get('instances') is not None:
        rows = sample['instances']
        kept = [r for r in rows if not r.get('ignore_flag', 0)]
        regions = [
            r['bbox'] for r in rows if r.get('ignore_flag', 0)
            and r.get('ignore_kind', 'region') == 'region'
        ]
        return (np.array([r['bbox'] for r in kept], float).reshape(-1, 4),
                np.array([r['bbox_label'] for r in kept], int),
                np.array(regions, float).reshape(-1, 4))
    if 'bboxes' not in (sample.get('gt_instances') or {}):
        raise KeyError(
            'DetPRMetric finds no ground truth: give PackDetInputs of the '
            "test pipeline meta_keys with 'instances', or put "
            'LoadAnnotations behind Resize')
    boxes, labels = (sample['gt_instances'][k] for k in ('bboxes', 'labels'))
    regions = (sample.get('ignored_instances') or {}).get('bboxes')
    return (as_numpy(get_box_tensor(boxes)).reshape(-1, 4),
            as_numpy(labels),
            np.zeros((0, 4)) if regions is None else
            as_numpy(get_box_tensor(regions)).reshape(-1, 4))


@METRICS.register_module()
class DetPRMetric(BaseMetric):
    """Precision, recall, F1 and AP of horizontal boxes, YOLOv5's way.

    ``precision``, ``recall`` and ``f1`` are means over the classes at the
    one confidence ``best_conf`` at which the mean F1 (IoU 0.5) is highest.
    ``mAP_50``, ``mAP_75`` and ``mAP`` (the mean over all thresholds) are
    means over the classes too. All are fractions. Classes without ground
    truth are left out; one without detections counts as 0. Without any
    ground truth all are NaN, and a warning says so.

    For what YOLOv5 does differently from COCO see
    :func:`~mmextra.evaluation.functional.match_best_gt` and
    :func:`~mmextra.evaluation.functional.average_precision`.

    VisDrone's own protocol is ``ignore_mode='drop', max_dets=500,
    ap_mode='area'``.

    Args:
        iou_thrs (Sequence[float], optional): IoU thresholds, the lowest
            first; by default 0.5, 0.55, ..., 0.95.
        score_thr (float): Detections must score more.
        max_dets (int): Detections per image, the best ones.
        ap_mode (str): 'interp101' or 'area'.
        ignore_mode (str): 'none': ignored boxes are no ground truth,
            detections there are false. 'drop': ground truths and detections
            of which a share lies in ignored regions are removed first.
            Instances with an ``ignore_kind`` other than 'region' are no
            regions.
        ignore_cover (float): That share.
        classwise (bool): Report ``<class>_AP50`` as well.
        f1_smooth (float): Share of the confidences over which the mean F1
            is smoothed before its maximum is sought; newer YOLOv5 has 0.1.
        num_conf (int): Number of confidences between 0 and 1.
        collect_device (str): ``'cpu'`` or ``'gpu'``, see ``BaseMetric``.
        prefix (str, optional): Put before the keys, by default 'det'.

    Raises:
        ValueError: If an argument is out of its range.
    """

    default_prefix: Optional[str] = 'det'

    def __init__(self,
                 iou_thrs: Optional[Sequence[float]] = None,
                 score_thr: float = 0.001,
                 *,
                 max_dets: int = 300,
                 ap_mode: APMode = 'interp101',
                 ignore_mode: IgnoreMode = 'none',
                 ignore_cover: float = 0.5,
                 classwise: bool = True,
                 f1_smooth: float = 0.,
                 num_conf: int = 1000,
                 collect_device: str = 'cpu',
                 prefix: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if iou_thrs is None:
            iou_thrs = np.linspace(0.5, 0.95, 10)
        self.iou_thrs = np.atleast_1d(np.asarray(iou_thrs, float)).round(4)
        if (self.iou_thrs.ndim != 1 or not len(self.iou_thrs)
                or (np.diff(self.iou_thrs) <= 0).any()
                or not 0 < self.iou_thrs[0] <= self.iou_thrs[-1] <= 1):
            raise ValueError('iou_thrs must be rising numbers in (0, 1], got '
                             f'{iou_thrs!r}')
        check_choice('ap_mode', ap_mode, APMode)
        check_choice('ignore_mode', ignore_mode, IgnoreMode)
        if max_dets < 1 or num_conf < 2 or not 0 <= f1_smooth < 1:
            raise ValueError(
                'max_dets must be at least 1, num_conf at least 2 and '
                f'f1_smooth in [0, 1), got {max_dets}, {num_conf}, '
                f'{f1_smooth}')
        self.score_thr = score_thr
        self.max_dets = max_dets
        self.ap_mode = ap_mode
        self.ignore_mode = ignore_mode
        self.ignore_cover = ignore_cover
        self.classwise = classwise
        self.f1_smooth = f1_smooth
        self.num_conf = num_conf

    def process(self, data_batch: dict,
                data_samples: Sequence[dict]) -> None:
        """Match the detections of one batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): With ``pred_instances``, ground
                truth as in :func:`ground_truth`, and ``ori_shape`` for
                ``ignore_mode='drop'``.
        """
        for sample in data_samples:
            pred = sample['pred_instances']
            bboxes, scores, labels = (
                as_numpy(value)
                for value in (get_box_tensor(pred['bboxes']), pred['scores'],
                              pred['labels']))
            gt_bboxes, gt_labels, regions = ground_truth(sample)
            keep = scores > self.score_thr
            if self.ignore_mode == 'drop' and len(regions):
                shape = tuple(sample['ori_shape'][:2])
                keep &= covered_share(bboxes, regions,
                                      shape) < self.ignore_cover
                seen = covered_share(gt_bboxes, regions,
                                     shape) < self.ignore_cover
                gt_bboxes, gt_labels = gt_bboxes[seen], gt_labels[seen]
            chosen = np.flatnonzero(keep)
            best = np.argsort(-scores[chosen], kind='stable')
            chosen = chosen[best[:self.max_dets]]
            bboxes, scores, labels = (
                a[chosen] for a in (bboxes, scores, labels))
            self.results.append(
                dict(
                    true=match_best_gt(bboxes, labels, scores, gt_bboxes,
                                       gt_labels, self.iou_thrs),
                    scores=scores,
                    labels=labels,
                    gt_labels=gt_labels))

    def compute_metrics(self, results: List[dict]) -> Dict[str, float]:
        """Compute the metrics from what :meth:`process` kept.

        Args:
            results (List[dict]): One entry per image.

        Returns:
            Dict[str, float]: The values, see the class.

        Raises:
            KeyError: If the class names are unknown.
            ValueError: If there is no image, or a label is no class of the
                data set.
        """
        classes = (self.dataset_meta or {}).get('classes')
        if not classes:
            raise KeyError(
                "DetPRMetric needs dataset_meta['classes']: give the data "
                'set METAINFO or metainfo=dict(classes=(...,))')
        if not results:
            raise ValueError(
                'DetPRMetric has seen no image; is the data set of the '
                'dataloader empty?')
        true, scores, labels, gt_labels = (
            np.concatenate([image[key] for image in results])
            for key in ('true', 'scores', 'labels', 'gt_labels'))
        highest = max([-1, *labels, *gt_labels])
        if highest >= len(classes):
            raise ValueError(
                f'label {highest} exceeds the {len(classes)} classes of the '
                'data set; does num_classes of the model match?')
        curves = {}
        for label in range(len(classes)):
            num_gts = int((gt_labels == label).sum())
            if num_gts:
                mine = labels == label
                curves[label] = class_curves(true[mine], scores[mine],
                                             num_gts, self.ap_mode,
                                             self.num_conf)
        return self._summarise(curves, classes)

    def _summarise(self, curves: Dict[int, ClassCurves],
                   classes: Sequence[str]) -> Dict[str, float]:
        if curves:
            index, f1 = best_confidence(list(curves.values()), self.f1_smooth)
            ap = np.mean([c.ap for c in curves.values()], 0)
            metrics = dict(
                precision=np.mean(
                    [c.precision[index] for c in curves.values()]),
                recall=np.mean([c.recall[index] for c in curves.values()]),
                f1=f1,
                best_conf=index / (self.num_conf - 1))
            self._log_table(curves, classes, index, metrics, ap)
        else:
            warnings.warn(
                'there is no ground truth to compare with, all metrics are '
                'NaN; do the class names match the files?', stacklevel=2)
            ap = np.full(len(self.iou_thrs), np.nan)
            metrics = dict.fromkeys(
                ('precision', 'recall', 'f1', 'best_conf'), np.nan)
        for thr in (0.5, 0.75):
            if thr in self.iou_thrs:
                metrics[f'mAP_{100 * thr:.0f}'] = ap[self.iou_thrs == thr][0]
        metrics['mAP'] = ap.mean()
        if self.classwise:
            name = f'AP{100 * self.iou_thrs[0]:.0f}'
            for label, curve in curves.items():
                metrics[f'{classes[label]}_{name}'] = curve.ap[0]
        return {key: float(value) for key, value in metrics.items()}

    def _log_table(self, curves: Dict[int, ClassCurves],
                   classes: Sequence[str], index: int,
                   metrics: Dict[str, float], ap: np.ndarray) -> None:
        first = f'AP{100 * self.iou_thrs[0]:.0f}'
        rows = [['class', 'gts', 'dets', 'P', 'R', first, 'AP']]
        rows += [[
            classes[label], c.num_gts, c.num_dets,
            f'{c.precision[index]:.3f}', f'{c.recall[index]:.3f}',
            f'{c.ap[0]:.3f}', f'{c.ap.mean():.3f}'
        ] for label, c in curves.items()]
        rows.append([
            'mean', '', '', f'{metrics["precision"]:.3f}',
            f'{metrics["recall"]:.3f}', f'{ap[0]:.3f}', f'{ap.mean():.3f}'
        ])
        table = AsciiTable(
            rows, title=f'{self.prefix} at confidence '
            f'{metrics["best_conf"]:.3f}')
        table.inner_footing_row_border = True
        print_log('\n' + table.table,
                  logger=MMLogger.get_current_instance())
