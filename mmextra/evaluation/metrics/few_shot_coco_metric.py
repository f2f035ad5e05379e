"""COCO's measures, for splits of the classes too."""
import os.path as osp
import tempfile
from typing import Dict, Optional, Sequence, Union

import numpy as np
from mmdet.datasets.api_wrappers import COCO, COCOeval
from mmdet.evaluation.metrics import CocoMetric
from mmdet.registry import METRICS
from mmengine.fileio import get_local_path, load
from mmengine.logging import print_log

from mmextra.datasets.coco_json import coco_index, read_coco
from mmextra.utils.class_splits import (
    COCO_SPLITS,
    Splits,
    resolve_classes,
)

AREAS = ('', '_s', '_m', '_l')


def summarise(evaluation: COCOeval, classes: Sequence[int]
              ) -> Dict[str, float]:
    """COCO's twelve numbers over some of the evaluated classes.

    Args:
        evaluation (COCOeval): After ``accumulate``.
        classes (Sequence[int]): Positions in ``evaluation.params.catIds``.

    Returns:
        dict[str, float]: ``mAP``, ``mAP_50``, ``mAP_75``, ``mAP_s``,
        ``mAP_m``, ``mAP_l``, all with the largest number of detections;
        ``AR@n`` for each number n of detections (per image and class), and
        ``AR_s``, ``AR_m``, ``AR_l`` with the largest. -1 where there is
        no object.
    """
    # IoU, recall, class, area, detections; -1 where there is no object
    precision = evaluation.eval['precision'][:, :, list(classes)]
    recall = evaluation.eval['recall'][:, list(classes)]
    thresholds = np.asarray(evaluation.params.iouThrs)
    limits = evaluation.params.maxDets

    def mean(values: np.ndarray) -> float:
        values = values[values > -1]
        return float(values.mean()) if values.size else -1.

    found = {'mAP': mean(precision[..., 0, -1])}
    for threshold in (0.5, 0.75):
        at = np.isclose(thresholds, threshold)
        found[f'mAP_{threshold * 100:.0f}'] = mean(precision[at][..., 0, -1])
    for area, name in enumerate(AREAS[1:], 1):
        found[f'mAP{name}'] = mean(precision[..., area, -1])
    for number, limit in enumerate(limits):
        found[f'AR@{limit}'] = mean(recall[..., 0, number])
    for area, name in enumerate(AREAS[1:], 1):
        found[f'AR{name}@{limits[-1]}'] = mean(recall[..., area, -1])
    return found


def truth_index(content: dict) -> COCO:
    """Ground truth as pycocotools holds it, annotations numbered from 1.

    COCO's evaluation marks a match by the id of the annotation and takes 0
    for none, so that a found object of id 0 counts as a false positive.

    Args:
        content (dict): See :func:`~mmextra.datasets.coco_json.read_coco`.

    Returns:
        COCO: The index.
    """
    annotations = [dict(item, id=number) for number, item in enumerate(
        content['annotations'], 1)]
    # A field that the evaluation asks for and exporters leave out.
    for item in annotations:
        item.setdefault('iscrowd', 0)
    return coco_index(dict(content, annotations=annotations))


@METRICS.register_module()
class FewShotCocoMetric(CocoMetric):
    """COCO's AP and AR of all classes and of splits of them.

    Labels follow the order of the dataset's classes, and the ARs are those
    of ``proposal_nums``; mmdet's metric follows the order in the annotation
    file and always names them AR@100, 300 and 1000. Nothing is rounded. A
    model that detects nothing has 0 for every number.

    Table 1 is ``coco/NOVEL_CLASSES_bbox_mAP`` and so on.

    Args:
        class_splits (Sequence[str] or dict, optional): Names of COCO's
            splits, or own names with their classes. Of a split the classes
            that the dataset has are evaluated.
        proposal_nums (Sequence[int]): Numbers of detections per image and
            class for AR; AP takes the last.
        kwargs: See mmdet's ``CocoMetric``; only ``metric='bbox'``.

    Raises:
        ValueError: If the dataset has no class of a split, or the
            annotation file lacks a class.
    """

    def __init__(self,
                 ann_file: Optional[str] = None,
                 *args,
                 class_splits: Union[Sequence[str], Splits, None] = None,
                 proposal_nums: Sequence[int] = (1, 10, 100),
                 **kwargs) -> None:
        super().__init__(None, *args, proposal_nums=proposal_nums, **kwargs)
        if self.metrics != ['bbox']:
            raise ValueError('FewShotCocoMetric measures boxes, got metric='
                             f'{self.metrics}')
        if ann_file is not None:
            with get_local_path(
                    ann_file, backend_args=self.backend_args) as path:
                self._coco_api = truth_index(read_coco(path))
        if not isinstance(class_splits, dict):
            class_splits = {
                name: resolve_classes(name, COCO_SPLITS, 'FewShotCocoMetric')
                for name in class_splits or ()
            }
        self.class_splits = class_splits

    def compute_metrics(self, results: list) -> Dict[str, float]:
        """The numbers of all images.

        Args:
            results (list): What ``process`` collected.

        Returns:
            dict[str, float]: ``bbox_mAP`` and so on, see :func:`summarise`,
            for all classes, and the same with the name of a split in front.
        """
        names = list(self.dataset_meta['classes'])
        members = self._members(names)
        truths, predictions = zip(*results)
        with tempfile.TemporaryDirectory() as folder:
            prefix = self.outfile_prefix or osp.join(folder, 'results')
            if self._coco_api is None:
                self._coco_api = COCO(
                    self.gt_to_coco_json(truths, outfile_prefix=prefix))
            self.cat_ids = self._category_ids(names)
            if self.img_ids is None:
                self.img_ids = self._coco_api.get_img_ids()
            files = self.results2json(predictions, prefix)
            if self.format_only:
                return {}
            detections = load(files['bbox'])
        if not detections:
            print_log('FewShotCocoMetric: nothing was detected',
                      logger='current', level=30)
            return self._named(members, None)
        evaluation = COCOeval(self._coco_api,
                              self._coco_api.loadRes(detections), 'bbox')
        evaluation.params.catIds = self.cat_ids
        evaluation.params.imgIds = self.img_ids
        evaluation.params.maxDets = list(self.proposal_nums)
        evaluation.params.iouThrs = np.asarray(self.iou_thrs)
        evaluation.evaluate()
        evaluation.accumulate()
        # It has sorted the ids.
        rows = {cat: row for row, cat in enumerate(evaluation.params.catIds)}
        return self._named(members, evaluation,
                           [rows[cat] for cat in self.cat_ids])

    def _members(self, names: Sequence[str]) -> Dict[str, list]:
        """Positions of the classes of each prefix of a number's name."""
        members = {'bbox_': list(range(len(names)))}
        for split, classes in self.class_splits.items():
            members[f'{split}_bbox_'] = [
                i for i, n in enumerate(names) if n in classes]
            if not members[f'{split}_bbox_']:
                raise ValueError(
                    f'FewShotCocoMetric: the dataset has no class of {split} '
                    f'{tuple(classes)}; its classes are {tuple(names)}')
        return members

    def _category_ids(self, names: Sequence[str]) -> list:
        ids = {cat['name']: cat['id']
               for cat in self._coco_api.cats.values()}
        missing = [name for name in names if name not in ids]
        if missing:
            raise ValueError('FewShotCocoMetric: the annotations have no '
                             f'category {missing}; they have {sorted(ids)}')
        return [ids[name] for name in names]

    def _named(self,
               members: Dict[str, list],
               evaluation: Optional[COCOeval],
               rows: Sequence[int] = ()) -> Dict[str, float]:
        """All numbers; ``rows`` are those of the classes in ``evaluation``,
        which is None if nothing was detected."""
        def numbers(classes: Sequence[int]) -> Dict[str, float]:
            if evaluation is None:
                return dict.fromkeys(self._keys(), 0.)
            return summarise(evaluation, [rows[i] for i in classes])

        found = {
            prefix + key: value
            for prefix, classes in members.items()
            for key, value in numbers(classes).items()
        }
        if self.classwise:
            for position, name in enumerate(self.dataset_meta['classes']):
                one = numbers([position])
                found.update({f'{name}_precision': one['mAP'],
                              f'{name}_precision_50': one['mAP_50']})
        return found

    def _keys(self) -> Sequence[str]:
        last = self.proposal_nums[-1]
        return ('mAP', 'mAP_50', 'mAP_75', *(f'mAP{a}' for a in AREAS[1:]),
                *(f'AR@{n}' for n in self.proposal_nums),
                *(f'AR{a}@{last}' for a in AREAS[1:]))
