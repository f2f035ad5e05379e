"""Putting the boxes of overlapping tiles together."""
from typing import Optional, Tuple

from torch import Tensor

from .class_wise_nms import class_wise_nms


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

    :func:`class_wise_nms`, exact on every device: here exact duplicates are
    the normal case.

    Args:
        boxes (Tensor): (n, 4), (n, 5) or (n, 8) boxes.
        scores (Tensor): (n,) scores.
        labels (Tensor): (n,) class numbers.
        nms (dict, optional): As in a model's ``test_cfg``; None keeps all.

    Returns:
        Tuple[Tensor, Tensor]: Indices of the kept boxes by falling score,
        and their scores, which soft NMS changes.

    Raises:
        KeyError: If ``nms`` has no ``iou_threshold`` for rotated boxes.
        ValueError: See :func:`class_wise_nms`.
    """
    return class_wise_nms(boxes, scores, labels, nms, exact=True)
