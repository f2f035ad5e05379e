"""The detections of several classes of an image."""
from typing import Literal, Sequence

import torch
from mmcv.ops import batched_nms
from mmdet.structures.bbox import bbox_overlaps
from mmdet.utils import ConfigType
from mmengine.structures import InstanceData
from torch import Tensor

from mmextra.utils.checks import check_choice

Merge = Literal['global', 'per_class']


def with_rpn_scores(scores: Tensor, proposal_scores: Tensor,
                    cfg: ConfigType) -> Tensor:
    """Scores with a share of those of their proposals.

    Args:
        scores (Tensor): (n,) of the head.
        proposal_scores (Tensor): (n,) of the RPN.
        cfg (dict): ``rpn_power``, 0 if it is missing.

    Returns:
        Tensor: (n,) scores.
    """
    power = cfg.get('rpn_power', 0)
    return scores * proposal_scores**power if power else scores


def against_rivals(boxes: Tensor, scores: Tensor, classes: Tensor,
                   iou_thr: float) -> Tensor:
    """Scores less where another class is as sure of the same place.

    A comparison with one support knows nothing of the other classes, so that
    a dog has a high score as a cat too. With r the best score of a box of
    another class that overlaps more than ``iou_thr``, a score s becomes
    s / (1 + (r / s)^2): half of it where both are as sure, and nearly all of
    it where r is small. Not in the paper.

    Args:
        boxes (Tensor): (n, 4).
        scores (Tensor): (n,).
        classes (Tensor): (n,) labels.
        iou_thr (float): IoU from which boxes are of one place.

    Returns:
        Tensor: (n,) scores.
    """
    rival = (bbox_overlaps(boxes, boxes) > iou_thr) & (
        classes[:, None] != classes)
    best = (rival * scores).amax(1)
    # Without powers that tiny scores would not survive.
    both = torch.hypot(scores, best).clamp(
        min=torch.finfo(scores.dtype).tiny)
    return scores * (scores / both)**2


def merge_class_results(boxes: Sequence[Tensor], scores: Sequence[Tensor],
                        labels: Sequence[int],
                        cfg: ConfigType) -> InstanceData:
    """The detections of all classes of an image.

    Args:
        boxes (Sequence[Tensor]): (n_c, 4) boxes of each class.
        scores (Sequence[Tensor]): (n_c,) their scores.
        labels (Sequence[int]): Label of each class.
        cfg (dict): ``score_thr``, ``nms`` (within each class),
            ``max_per_img`` and ``merge``: the best of ``'global'`` all
            classes together or ``'per_class'`` of each; optionally
            ``rival_iou``, see :func:`against_rivals`.

    Returns:
        :obj:`InstanceData`: ``bboxes``, ``scores`` and ``labels``, best
        first.

    Raises:
        ValueError: If ``merge`` is unknown, or ``rival_iou`` no IoU.
    """
    merge = check_choice('merge', cfg.get('merge', 'global'), Merge)
    rival_iou = cfg.get('rival_iou')
    if rival_iou is not None and not 0 <= rival_iou < 1:
        raise ValueError(
            'test_cfg.rcnn.rival_iou must be an IoU of at least 0 and below '
            f'1, or None to let no classes compete, got {rival_iou!r}')
    classes = torch.cat([
        torch.full_like(score, label, dtype=torch.long)
        for score, label in zip(scores, labels)
    ])
    boxes, scores = torch.cat(list(boxes)), torch.cat(list(scores))
    good = (scores > cfg.get('score_thr', 0.)).nonzero()[:, 0]
    boxes, scores, classes = boxes[good], scores[good], classes[good]
    if len(boxes):
        found, keep = batched_nms(boxes, scores, classes, cfg['nms'])
        # Some kinds of NMS change scores.
        boxes, scores, classes = found[:, :4], found[:, 4], classes[keep]
        if rival_iou is not None:
            scores, order = against_rivals(
                boxes, scores, classes, rival_iou).sort(
                    descending=True, stable=True)
            boxes, classes = boxes[order], classes[order]
    limit = cfg.get('max_per_img', -1)
    if limit > 0 and merge == 'global':
        boxes, scores, classes = boxes[:limit], scores[:limit], \
            classes[:limit]
    elif limit > 0:
        rank = (classes[None] == classes[:, None]).tril(-1).sum(1)
        keep = (rank < limit).nonzero()[:, 0]
        boxes, scores, classes = boxes[keep], scores[keep], classes[keep]
    return InstanceData(bboxes=boxes, scores=scores, labels=classes)
