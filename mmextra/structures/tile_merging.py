"""Putting the boxes of overlapping tiles together."""
from typing import Optional, Tuple

import torch
from mmcv.ops import batched_nms
from torch import Tensor

from .rotated_iou import rotated_nms


def move_boxes(boxes: Tensor, x: float, y: float) -> Tensor:
    """Boxes of any kind moved by (x, y) pixels.

    Args:
        boxes (Tensor): (n, 4), (n, 5) or (n, 8) boxes.
        x (float): To the right.
        y (float): Down.

    Returns:
        Tensor: The moved boxes.
    """
    if boxes.size(-1) == 5:
        return boxes + boxes.new_tensor([x, y, 0, 0, 0])
    return boxes + boxes.new_tensor([x, y]).repeat(boxes.size(-1) // 2)


def merge_nms(boxes: Tensor, scores: Tensor, labels: Tensor,
              nms: Optional[dict]) -> Tuple[Tensor, Tensor]:
    """Class-wise suppression of the duplicates that overlapping tiles give.

    Rotated boxes go through the exact :func:`rotated_nms`: mmcv's
    ``nms_rotated`` lets some exact duplicates, the normal case here,
    survive.

    Args:
        boxes (Tensor): (n, 4), (n, 5) or (n, 8) boxes.
        scores (Tensor): (n,) scores.
        labels (Tensor): (n,) class numbers.
        nms (dict, optional): As in a model's ``test_cfg``, e.g.
            ``dict(type='nms_rotated', iou_threshold=0.1)``; None keeps all.

    Returns:
        Tuple[Tensor, Tensor]: Indices of the kept boxes by falling score,
        and their scores, which soft NMS changes.

    Raises:
        KeyError: If ``nms`` has no ``iou_threshold`` for rotated boxes.
    """
    if nms is None or not len(boxes):
        order = scores.argsort(descending=True, stable=True)
        return order, scores[order]
    if boxes.size(-1) == 4:
        # mmcv keeps the classes apart by an offset that supposes positive
        # coordinates, and has no kernel for half precision.
        flat = boxes.float() - boxes.min()
        dets, keep = batched_nms(flat, scores.float(), labels, dict(nms))
        return keep, dets[:, -1].to(scores)
    if 'iou_threshold' not in nms:
        raise KeyError(
            f'nms={nms} has no iou_threshold; rotated boxes need one, e.g. '
            "dict(type='nms_rotated', iou_threshold=0.1)")
    groups = (torch.zeros_like(labels)
              if nms.get('class_agnostic', False) else labels)
    keep = rotated_nms(boxes.detach().cpu().numpy(),
                       scores.detach().cpu().numpy(),
                       groups.cpu().numpy(), nms['iou_threshold'])
    keep = torch.as_tensor(keep, device=scores.device)
    return keep, scores[keep]
