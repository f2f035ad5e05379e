"""Sensitivity to each class of image, and overall accuracy."""
from typing import Dict, List, Literal, Optional, Sequence

import numpy as np
from mmdet.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger, print_log
from terminaltables import AsciiTable

from mmextra.utils.arrays import as_numpy
from mmextra.utils.checks import check_choice

from ..functional.classification import (
    brier_score,
    confusion_matrix,
    expected_calibration_error,
    macro_f1,
    sensitivities,
)

Group = Literal['patient_id', 'scan_id']


@METRICS.register_module()
class ImageSensitivityMetric(BaseMetric):
    """Class sensitivities and accuracy of classified images (Table 3).

    All values are fractions: ``sens_<class>``, the share of the class that
    was recognised (NaN without images; that of the control class is the true
    negative rate), ``accuracy`` over all images, ``macro_f1``, and of the
    scores ``ece`` and ``brier``; lower is better for the last two. A data
    set that holds radiologists' choice of slices alone has another prior
    than whole scans; ``group_by`` tells the accuracy of patients or scans.
    Research only, not a medical device.

    Args:
        group_by (str, optional): ``'patient_id'`` or ``'scan_id'``: also
            ``patient_accuracy`` or ``scan_accuracy``, for which the scores
            of a group's images are averaged. Needs that key in the meta
            information, see ``PackCTInputs``.
        calibration_bins (int): Number of bins of ``ece``.
        collect_device (str): ``'cpu'`` or ``'gpu'``.
        prefix (str, optional): Put before the keys, ``'img'`` if None.

    Raises:
        ValueError: If ``group_by`` is neither, or there is no bin.
    """

    default_prefix: Optional[str] = 'img'

    def __init__(self,
                 group_by: Optional[Group] = None,
                 calibration_bins: int = 15,
                 collect_device: str = 'cpu',
                 prefix: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        check_choice('group_by', group_by, Optional[Group])
        if calibration_bins < 1:
            raise ValueError(
                f'calibration_bins must be positive, got {calibration_bins}')
        self.group_by = group_by
        self.calibration_bins = calibration_bins

    def process(self, data_batch: dict,
                data_samples: Sequence[dict]) -> None:
        """Keep the predictions of one batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): Samples with ``pred_img_label``,
                ``pred_img_scores`` and ``img_label``.

        Raises:
            KeyError: If a sample lacks one of them or the group's key.
        """
        needed = ['img_label'] + [self.group_by] * bool(self.group_by)
        for sample in data_samples:
            absent = [key for key in needed if sample.get(key) in (None, '')]
            if absent:
                raise KeyError(
                    f'{sample.get("img_path")} has no {", ".join(absent)}. '
                    'Take CTImageDataset, and end the pipeline with '
                    'PackCTInputs; a name that tells no patient or scan '
                    'cannot be grouped')
            self.results.append(dict(
                truth=int(sample['img_label']),
                predicted=int(sample['pred_img_label']),
                scores=as_numpy(sample['pred_img_scores']),
                group=sample.get(self.group_by) if self.group_by else None))

    def compute_metrics(self, results: List[dict]) -> Dict[str, float]:
        """Compute the values from what :meth:`process` kept.

        Args:
            results (list[dict]): One entry per image.

        Returns:
            dict[str, float]: See the class.

        Raises:
            KeyError: If the data set does not name its classes.
            ValueError: If images of a group have different classes.
        """
        names = (self.dataset_meta or {}).get('image_classes')
        if not names:
            raise KeyError(
                "ImageSensitivityMetric needs dataset_meta['image_classes']: "
                'take CTImageDataset, or give metainfo=dict('
                'image_classes=(...))')
        truth, predicted = (np.array([each[key] for each in results])
                            for key in ('truth', 'predicted'))
        scores = np.stack([each['scores'] for each in results]).astype(float)
        matrix = confusion_matrix(truth, predicted, len(names))
        found = sensitivities(matrix)
        metrics = {f'sens_{name}': float(value)
                   for name, value in zip(names, found)}
        metrics.update(
            accuracy=float((truth == predicted).mean()),
            macro_f1=macro_f1(matrix),
            ece=expected_calibration_error(
                scores, truth, self.calibration_bins),
            brier=brier_score(scores, truth))
        if self.group_by:
            name = self.group_by.partition('_')[0]
            metrics[f'{name}_accuracy'] = self._group_accuracy(results)
        rows = [['truth / predicted', *names, 'sensitivity']] + [
            [name, *row, f'{value:.4f}']
            for name, row, value in zip(names, matrix.tolist(), found)
        ]
        print_log('\n' + AsciiTable(rows, title='images').table,
                  logger=MMLogger.get_current_instance())
        return metrics

    def _group_accuracy(self, results: List[dict]) -> float:
        groups: Dict[str, List[dict]] = {}
        for each in results:
            groups.setdefault(each['group'], []).append(each)
        hits = []
        for group, members in groups.items():
            classes = {each['truth'] for each in members}
            if len(classes) > 1:
                raise ValueError(
                    f'{self.group_by} {group} has images of the classes '
                    f'{sorted(classes)}, so that it has none itself; group '
                    'by another key')
            mean = np.mean([each['scores'] for each in members], axis=0)
            hits.append(int(mean.argmax()) in classes)
        return float(np.mean(hits))
