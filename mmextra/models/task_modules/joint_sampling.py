"""Samples of several images by few waits for a GPU, drawn as mmdet draws."""
from typing import Any, List, Optional, Sequence, Tuple

import torch
from mmdet.models.task_modules.assigners import (
    BboxOverlaps2D,
    MaxIoUAssigner,
)
from mmdet.models.task_modules.coders.base_bbox_coder import BaseBBoxCoder
from mmdet.models.task_modules.samplers import RandomSampler
from mmdet.structures.bbox import get_box_tensor
from torch import Tensor


def can_join(assigner: Any, sampler: Any) -> bool:
    """Whether the functions here stand in for an assigner and a sampler.

    Args:
        assigner (Any): As a head has it.
        sampler (Any): As a head has it.

    Returns:
        bool: For a plain ``MaxIoUAssigner`` by ``BboxOverlaps2D`` and a plain
        ``RandomSampler``.
    """
    return (type(assigner) is MaxIoUAssigner
            and type(assigner.iou_calculator) is BboxOverlaps2D
            and assigner.iou_calculator.dtype is None
            and isinstance(assigner.neg_iou_thr, float)
            and assigner.ignore_iof_thr <= 0 and assigner.gpu_assign_thr <= 0
            and type(sampler) is RandomSampler)


def assign_by_iou(assigner: MaxIoUAssigner, priors: Tensor, boxes: Tensor,
                  valid: Optional[Tensor] = None) -> Tensor:
    """``MaxIoUAssigner`` by masks; it asks a GPU about every box.

    Args:
        assigner (:obj:`MaxIoUAssigner`): Its settings.
        priors (Tensor): (N, 4).
        boxes (Tensor): (G, 4) ground truths.
        valid (Tensor, optional): (N,) bool; others are ignored.

    Returns:
        Tensor: (N,) number of the box from 1 on, 0 for background, -1 for
        ignored.
    """
    found = torch.full((len(priors), ), -1, dtype=torch.long,
                       device=priors.device)
    if not len(boxes) or not len(priors):
        found = found + 1 if not len(boxes) else found
        return found if valid is None else found.masked_fill(~valid, -1)
    overlaps = _iou(boxes, priors)
    if valid is not None:
        overlaps = overlaps.masked_fill(~valid, -1)
    best, which = overlaps.max(0)
    found = found.masked_fill((best >= 0) & (best < assigner.neg_iou_thr), 0)
    found = torch.where(best >= assigner.pos_iou_thr, which + 1, found)
    if assigner.match_low_quality:
        highest, where = overlaps.max(1)
        if assigner.gt_max_assign_all:
            hits = overlaps == highest[:, None]
        else:
            hits = torch.zeros_like(overlaps, dtype=torch.bool).scatter_(
                1, where[:, None], True)
        hits = hits & (highest >= assigner.min_pos_iou)[:, None]
        # Of several boxes the last one, as in a loop.
        number = torch.arange(1, len(boxes) + 1, device=found.device)
        last = (hits * number[:, None]).amax(0)
        found = torch.where(last > 0, last, found)
    return found


def _iou(boxes: Tensor, priors: Tensor) -> Tensor:
    """``bbox_overlaps``, which sends its epsilon to a GPU with each call, of
    (G, 4) and (N, 4), (G, N)."""
    sides = torch.min(boxes[:, None, 2:], priors[:, 2:]) - torch.max(
        boxes[:, None, :2], priors[:, :2])
    overlap = sides.clamp(min=0).prod(-1)
    areas = [(each[:, 2:] - each[:, :2]).prod(-1) for each in (boxes, priors)]
    return overlap / (areas[0][:, None] + areas[1] - overlap).clamp(min=1e-6)


def _draw(number: int, wanted: int) -> Tensor:
    """Places of the drawn ones of so many, ascending."""
    if number <= wanted:
        return torch.arange(number)
    return torch.randperm(number)[:wanted].sort().values


def sample_jointly(sampler: RandomSampler, assigned: Sequence[Tensor]
                   ) -> List[Tuple[Tensor, Tensor]]:
    """``RandomSampler`` for several images, with the very same draws.

    Args:
        sampler (:obj:`RandomSampler`): Its settings.
        assigned (Sequence[Tensor]): Of each image, see
            :func:`assign_by_iou`.

    Returns:
        list[tuple[Tensor, Tensor]]: Of each image the places of positive
        and of negative samples, ascending.
    """
    sizes = [len(each) for each in assigned]
    flat = torch.cat(list(assigned))
    # Row by row: all positives, image by image, then all negatives.
    masks = torch.stack([flat > 0, flat == 0])
    counts = torch.stack([part.sum(1) for part in masks.split(sizes, 1)]
                         ).tolist()
    drawn: Tuple[List[Tensor], List[Tensor]] = ([], [])
    for positives, negatives in counts:
        drawn[0].append(_draw(positives,
                              int(sampler.num * sampler.pos_fraction)))
        expected = sampler.num - len(drawn[0][-1])
        if sampler.neg_pos_ub >= 0:
            expected = min(expected, int(
                sampler.neg_pos_ub * max(1, len(drawn[0][-1]))))
        drawn[1].append(_draw(negatives, expected))
    lengths = [*(row[0] for row in counts), *(row[1] for row in counts)]
    firsts = torch.tensor([0, *lengths[:-1]]).cumsum(0)
    parts = [part + first for part, first in zip(drawn[0] + drawn[1], firsts)]
    begin = torch.tensor([0, *sizes[:-1]]).cumsum(0).repeat(2)
    shift = begin.repeat_interleave(torch.tensor([len(p) for p in parts]))
    index = torch.stack([torch.cat(parts), shift]).to(flat.device)
    places = (masks.nonzero()[:, 1][index[0]] - index[1]).split(
        [len(part) for part in parts])
    return list(zip(places[:len(sizes)], places[len(sizes):]))


def encode_jointly(coder: BaseBBoxCoder, priors: Sequence[Tensor],
                   boxes: Sequence[Tensor]) -> List[Tensor]:
    """Deltas of several images by one call of the coder, which sends its
    means and deviations to the GPU with each.

    Args:
        coder (BaseBBoxCoder): Of boxes as tensors.
        priors (Sequence[Tensor]): Of each image (n, 4).
        boxes (Sequence[Tensor]): Of each image (n, 4) what they shall become.

    Returns:
        list[Tensor]: Of each image (n, 4).
    """
    if not sum(map(len, priors)):
        return list(priors)
    return list(coder.encode(
        get_box_tensor(torch.cat(list(priors))),
        torch.cat(list(boxes))).split([len(each) for each in priors]))
