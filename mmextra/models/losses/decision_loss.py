"""Decision loss (Eq. 3) and its targets (Section 3.4)."""
from dataclasses import dataclass
from typing import List, Literal, Optional, Sequence, Tuple, Union

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

    All tensors may have the same leading dimensions, of frames.

    Returns:
        Tensor: (..., G) bool.
    """
    good = bbox_overlaps(gt_bboxes.float(), det_bboxes.float()) > iou_thr
    # A mask, not a choice: a GPU would have to wait for the number.
    good &= gt_labels[..., :, None] == det_labels[..., None, :]
    good &= (det_scores >= score_thr)[..., None, :]
    return good.any(-1)


def _pad(*fields: Sequence[Tensor]) -> List[Tensor]:
    """Values of N frames as tables with as many columns as any frame needs.

    Args:
        *fields (Sequence[Tensor]): Several values of the same things, (n_i,
            ...) of frame i.

    Returns:
        list[Tensor]: (N, n, ...) of each, zero where there is nothing; and
        last where there is something, (N, n) bool.
    """
    lengths = torch.tensor([len(part) for part in fields[0]])
    inside = torch.arange(int(lengths.max())) < lengths[:, None]
    flat = [torch.cat(list(field)) for field in fields]
    # From lengths, which the host knows, so that nothing is waited for.
    place = inside.flatten().nonzero()[:, 0].to(flat[0].device)
    flat.append(torch.ones_like(place, dtype=torch.bool))
    return [
        each.new_zeros(inside.numel(), *each.shape[1:]).index_copy_(
            0, place, each).unflatten(0, inside.shape) for each in flat
    ]


def _pad_detections(detections: Sequence[InstanceData]
                    ) -> Tuple[Tensor, Tensor, Tensor]:
    """Boxes (N, D, 4), labels (N, D) and scores (N, D), -inf for none."""
    boxes, labels, scores, there = _pad(
        [get_box_tensor(each.bboxes) for each in detections],
        [each.labels for each in detections],
        [each.scores for each in detections])
    return boxes, labels, scores.masked_fill(~there, float('-inf'))


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
    if not ground_truth:
        return torch.zeros(0, dtype=torch.long)
    boxes, labels, counted = _pad(
        [get_box_tensor(each.bboxes) for each in ground_truth],
        [each.labels for each in ground_truth])

    def found(detections: Sequence[InstanceData]) -> Tensor:
        where, what, scores = _pad_detections(detections)
        return found_objects(boxes, labels, where, what, scores, iou_thr,
                             score_thr)

    if readings is not None:
        counted = counted & found(readings)
    nothing = IGNORE if empty_target == 'ignore' else int(empty_target)
    return (found(detections) | ~counted).all(1).long().masked_fill(
        ~counted.any(1), nothing)


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
