"""Decision loss (Eq. 3) and its targets (Section 3.4)."""
from dataclasses import dataclass
from typing import List, Literal, Optional, Sequence, Union

import torch
import torch.nn.functional as F
from mmdet.structures.bbox import bbox_overlaps, get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor

from mmextra.utils.checks import check_choice

IGNORE = -1
EmptyTarget = Literal[0, 1, 'ignore']


@dataclass(frozen=True)
class DecisionSettings:
    """How the scheduler is taught (``decision_cfg`` of the detector).

    Not in the paper: ``relative`` and ``rollout_steps``.

    Attributes:
        iou_thr: See :func:`decision_target`.
        score_thr: See there.
        empty_target: See there.
        relative: Objects that are missed in the real frame do not count.
        rollout_steps: So many forecasts of forecasts after every frame are
            judged as well.

    Raises:
        ValueError: If a value is out of its range.
    """
    iou_thr: float = 0.7
    score_thr: float = 0.3
    empty_target: EmptyTarget = 1
    relative: bool = False
    rollout_steps: int = 0

    def __post_init__(self) -> None:
        check_choice('empty_target of decision_cfg', self.empty_target,
                     EmptyTarget)
        for name in ('iou_thr', 'score_thr'):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not 0 <= value <= 1:
                raise ValueError(f'{name} of decision_cfg must be a number '
                                 f'from 0 to 1, got {value!r}')
        if not isinstance(self.rollout_steps, int) or self.rollout_steps < 0:
            raise ValueError('rollout_steps of decision_cfg must be an '
                             f'integer from 0 on, got {self.rollout_steps!r}')


def decision_target(gt_bboxes: Tensor,
                    gt_labels: Tensor,
                    det_bboxes: Tensor,
                    det_labels: Tensor,
                    det_scores: Tensor,
                    iou_thr: float = 0.7,
                    score_thr: float = 0.3,
                    empty_target: Union[int, str] = 1) -> int:
    """Whether a forecast was good enough to detect on.

    It was if every ground truth has a detection of its class that overlaps
    it by more than ``iou_thr``. Detections of nothing do not matter, and one
    detection may serve several ground truths.

    Not in the paper: that classes must agree, ``score_thr`` (at the test
    threshold nearly everything would be found), and ``empty_target``.

    Args:
        gt_bboxes (Tensor): (G, 4) ``x1, y1, x2, y2``.
        gt_labels (Tensor): (G,).
        det_bboxes (Tensor): (D, 4) detections on the forecast.
        det_labels (Tensor): (D,).
        det_scores (Tensor): (D,).
        iou_thr (float): Must be exceeded.
        score_thr (float): Detections below it do not count.
        empty_target (int or str): Answer for a frame without ground truth:
            1, 0 or ``'ignore'``.

    Returns:
        int: 1 for forecast, 0 for read, -1 to be ignored.
    """
    if not len(gt_bboxes):
        return IGNORE if empty_target == 'ignore' else int(empty_target)
    return int(
        found_objects(gt_bboxes, gt_labels, det_bboxes, det_labels,
                      det_scores, iou_thr, score_thr).all())


def found_objects(gt_bboxes: Tensor, gt_labels: Tensor, det_bboxes: Tensor,
                  det_labels: Tensor, det_scores: Tensor, iou_thr: float,
                  score_thr: float) -> Tensor:
    """Which ground truths have a detection, see :func:`decision_target`.

    Returns:
        Tensor: (G,) bool.
    """
    keep = det_scores >= score_thr
    if not keep.any():
        return torch.zeros_like(gt_labels, dtype=torch.bool)
    good = bbox_overlaps(gt_bboxes.float(), det_bboxes[keep].float()) > \
        iou_thr
    good &= gt_labels[:, None] == det_labels[keep]
    return good.any(1)


def decision_targets(ground_truth: Sequence[InstanceData],
                     detections: Sequence[InstanceData],
                     iou_thr: float = 0.7,
                     score_thr: float = 0.3,
                     empty_target: Union[int, str] = 1,
                     readings: Optional[Sequence[InstanceData]] = None
                     ) -> Tensor:
    """:func:`decision_target` of several frames.

    Not in the paper: ``readings``. What is missed in the frame itself says
    nothing against its forecast.

    Args:
        ground_truth (Sequence[InstanceData]): ``bboxes`` and ``labels``.
        detections (Sequence[InstanceData]): ``bboxes``, ``labels`` and
            ``scores``.
        iou_thr (float): See there.
        score_thr (float): See there.
        empty_target (int or str): See there.
        readings (Sequence[InstanceData], optional): Detections on the real
            maps of the same frames; a ground truth that none of them finds
            does not count.

    Returns:
        Tensor: (N,) int64.
    """
    if readings is not None:
        ground_truth = [
            gt[found_objects(
                get_box_tensor(gt.bboxes), gt.labels,
                get_box_tensor(read.bboxes), read.labels, read.scores,
                iou_thr, score_thr)]
            for gt, read in zip(ground_truth, readings)
        ]
    targets: List[int] = [
        decision_target(
            get_box_tensor(gt.bboxes), gt.labels, get_box_tensor(det.bboxes),
            det.labels, det.scores, iou_thr, score_thr, empty_target)
        for gt, det in zip(ground_truth, detections)
    ]
    device = ground_truth[0].labels.device if ground_truth else None
    return torch.tensor(targets, dtype=torch.long, device=device)


def decision_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Binary cross entropy of the scheduler's softmax (Eq. 3).

    Args:
        logits (Tensor): (N, 2); index 1 is forecast.
        targets (Tensor): (N,) 1, 0, or -1 for those to leave out.

    Returns:
        Tensor: Mean over those that count; 0 if none does.
    """
    counted = (targets != IGNORE).sum().clamp(min=1)
    return F.cross_entropy(
        logits.float(), targets, ignore_index=IGNORE,
        reduction='sum') / counted
