"""Suppression of boxes of any kind, on any device."""
from typing import Optional, Tuple

import torch
from mmcv.ops import batched_nms
from torch import Tensor

from mmextra.utils.checks import check_choice
from mmextra_runtime.rotated_nms import rotated_nms

GREEDY = ('nms', 'nms_rotated', 'nms_quadri')


def class_wise_nms(boxes: Tensor,
                   scores: Tensor,
                   labels: Tensor,
                   nms: Optional[dict],
                   exact: Optional[bool] = None) -> Tuple[Tensor, Tensor]:
    """Non-maximum suppression, no class touching another.

    In place of mmcv's ``batched_nms``, which keeps the classes apart by an
    offset that supposes positive coordinates. Rotated boxes and
    quadrilaterals go through the exact :func:`rotated_nms`: mmcv's
    ``nms_rotated`` lets some exact duplicates survive, and is slower on a
    CPU.

    Args:
        boxes (Tensor): (n, 4), (n, 5) or (n, 8) boxes.
        scores (Tensor): (n,) scores.
        labels (Tensor): (n,) class numbers.
        nms (dict, optional): As in a model's ``test_cfg``, e.g.
            ``dict(type='nms_rotated', iou_threshold=0.1)``; None keeps all.
        exact (bool, optional): Whether rotated boxes go through
            :func:`rotated_nms`, on the CPU, or through mmcv's kernel, on
            their device. By default the first for boxes on a CPU.

    Returns:
        tuple[Tensor, Tensor]: Indices of the kept boxes by falling score,
        and their scores, which soft NMS changes.

    Raises:
        KeyError: If ``nms`` has no ``iou_threshold`` for rotated boxes.
        ValueError: If ``nms`` is of a type that rotated boxes do not have,
            or see :func:`rotated_nms`.
    """
    if nms is None or not len(boxes):
        order = scores.argsort(descending=True, stable=True)
        return order, scores[order]
    if boxes.size(-1) == 4 or exact is False or (exact is None
                                                 and boxes.is_cuda):
        return _batched_nms(boxes, scores, labels, nms)
    check_choice('type of the nms of rotated boxes', nms.get('type', 'nms'),
                 GREEDY)
    if 'iou_threshold' not in nms:
        raise KeyError(
            f'nms={nms} has no iou_threshold; rotated boxes need one, e.g. '
            "dict(type='nms_rotated', iou_threshold=0.1)")
    groups = (torch.zeros_like(labels)
              if nms.get('class_agnostic', False) else labels)
    # In float32 at least: arrays know no bfloat16.
    arrays = [part.detach().float().cpu().numpy()
              if part.is_floating_point() else part.cpu().numpy()
              for part in (boxes, scores, groups)]
    keep = torch.as_tensor(
        rotated_nms(arrays[0], arrays[1], arrays[2], nms['iou_threshold']),
        device=scores.device)
    return keep, scores[keep]


def _batched_nms(boxes: Tensor, scores: Tensor, labels: Tensor,
                 nms: dict) -> Tuple[Tensor, Tensor]:
    """mmcv's, with no negative coordinate and in the precision it has."""
    flat = boxes.float()
    places = 2 if boxes.size(-1) == 5 else boxes.size(-1)
    flat = torch.cat([flat[:, :places] - flat[:, :places].min(),
                      flat[:, places:]], dim=1)
    dets, keep = batched_nms(flat, scores.float(), labels, dict(nms))
    return keep, dets[:, -1].to(scores)
