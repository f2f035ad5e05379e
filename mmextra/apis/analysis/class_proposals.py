"""What a category-aware RPN proposes for each class."""
from pathlib import Path
from typing import Any, Dict, List, Sequence, Union

import numpy as np
import torch
from mmdet.registry import HOOKS
from mmdet.structures.bbox import bbox_overlaps
from mmengine.config import Config
from mmengine.runner import Runner
from torch import Tensor

from mmextra.engine.hooks import SupportInitHook
from mmextra.evaluation.functional.classification import roc_area
from mmextra.models.detectors import find_few_shot_detector
from mmextra.models.layers.support import SupportFeatures

from ..init_detector import init_detector

IOUS = 0.5, 0.75


def _show_supports(cfg: Config, model: torch.nn.Module,
                   dataset: torch.utils.data.Dataset) -> None:
    for hook in cfg.get('custom_hooks', []):
        if hook['type'] == 'SupportInitHook':
            HOOKS.build(hook).show(model, dataset)
            return
    raise ValueError(f'{cfg.filename}: custom_hooks has no '
                     f'{SupportInitHook.__name__}, which shows the classes')


def _overlaps(boxes: Tensor, proposals: Tensor) -> np.ndarray:
    """(G,) best IoU of each box, 0 without a proposal."""
    if not len(proposals):
        return np.zeros(len(boxes))
    return bbox_overlaps(boxes, proposals).max(1).values.numpy()


def _boxes_of(instances: Sequence[dict], label: int) -> Tensor:
    return torch.tensor([
        one['bbox'] for one in instances
        if one['bbox_label'] == label and not one.get('ignore_flag')
    ]).reshape(-1, 4)


def class_proposals(cfg: Config,
                    checkpoint: Union[str, Path],
                    tops: Sequence[int] = (5, 10, 50),
                    device: str = 'cpu') -> List[Dict]:
    """Recall and class knowledge of the proposals on the test images.

    Args:
        cfg (Config): Of a few-shot detector, with a ``SupportInitHook``.
        checkpoint (str or Path): Its weights.
        tops (Sequence[int]): Numbers of the best proposals of an image that
            are looked at.
        device (str): Where to run it.

    Returns:
        list[dict]: Of each class ``name``, ``images`` (with it), ``objects``,
        ``auc`` (area under ROC of the score of an image's best proposal, the
        images with the class against those without) and
        ``recall_TOP_IOU`` of the objects.

    Raises:
        TypeError: If the detector is shown no classes at all.
        ValueError: If no hook shows them, or the checkpoint is of another
            model.
    """
    model: Any = find_few_shot_detector(
        init_detector(cfg, str(checkpoint), device=device))
    loader = Runner.build_dataloader(cfg.test_dataloader)
    dataset = loader.dataset
    _show_supports(cfg, model, dataset)
    labels = list(model.support_bank)
    bank = SupportFeatures.of_bank(model.support_bank)
    present: List[List[bool]] = []
    best: List[List[float]] = []
    found: Dict[int, List[np.ndarray]] = {label: [] for label in labels}
    for batch in loader:
        with torch.no_grad():
            data = model.data_preprocessor(batch)
            features = model.extract_feat(data['inputs'])
            proposals = [
                model.propose(tuple(level[i:i + 1] for level in features),
                              sample, bank)
                for i, sample in enumerate(data['data_samples'])
            ]
        for sample, own in zip(data['data_samples'], proposals):
            truth = dataset.get_data_info(len(present))['instances']
            # A stock RPN proposes the same for all classes.
            own = [one.to('cpu') for one in own] * (len(labels) // len(own))
            best.append([float(one.scores.max()) if len(one) else 0.
                         for one in own])
            boxes = [_boxes_of(truth, label) for label in labels]
            present.append([len(those) > 0 for those in boxes])
            scale = torch.tensor(sample.scale_factor).repeat(2)
            for label, those, one in zip(labels, boxes, own):
                found[label].append(np.stack(
                    [_overlaps(those * scale, one.bboxes[:top])
                     for top in tops], 1))
    names = dataset.metainfo['classes']
    rows = []
    for place, label in enumerate(labels):
        overlaps = np.concatenate(found[label])
        has = np.array(present)[:, place]
        row = dict(name=names[label], images=int(has.sum()),
                   objects=len(overlaps),
                   auc=roc_area(np.array(best)[:, place], has))
        for column, top in enumerate(tops):
            for iou in IOUS:
                row[f'recall_{top}_{iou}'] = float(
                    (overlaps[:, column] >= iou).mean()) if len(
                        overlaps) else float('nan')
        rows.append(row)
    return rows


def over_classes(rows: Sequence[Dict]) -> Dict[str, float]:
    """The measures of several classes in one.

    Args:
        rows (Sequence[dict]): Of :func:`class_proposals`.

    Returns:
        dict[str, float]: ``auc``, the mean of the classes that have one, and
        the recalls of all objects together; NaN without any.
    """
    areas = [row['auc'] for row in rows if not np.isnan(row['auc'])]
    known = [row for row in rows if row['objects']]
    result = dict(auc=float(np.mean(areas)) if areas else float('nan'))
    for key in rows[0]:
        if key.startswith('recall'):
            result[key] = float(np.average(
                [row[key] for row in known],
                weights=[row['objects'] for row in known])
            ) if known else float('nan')
    return result
