"""Targets and weights of YOLOv5's objectness maps."""
import math
from typing import Optional, Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor


def objectness_target(shape: Sequence[int], index: Tuple[Tensor, ...],
                      score: Tensor) -> Tensor:
    """Scores scattered into maps of zeros.

    Where several positives claim one place the largest score counts, so
    their order does not matter.

    Args:
        shape (Sequence[int]): Shape of the maps.
        index (tuple[Tensor]): One index of shape (n, ) per dimension.
        score (Tensor): Scores, not negative, shape (n, ).

    Returns:
        Tensor: The maps, of ``shape``.
    """
    flat = torch.zeros_like(index[0])
    for size, part in zip(shape, index):
        flat = flat * size + part
    target = score.new_zeros(math.prod(shape))
    return target.scatter_reduce_(0, flat, score, 'amax').view(*shape)


def cells_in_boxes(boxes: Tensor, img_idx: Tensor, shape: Sequence[int],
                   stride: int) -> Tensor:
    """Cells whose centre lies in a box.

    Args:
        boxes (Tensor): x1, y1, x2, y2 in pixels, shape (n, 4).
        img_idx (Tensor): Image of each box, shape (n, ).
        shape (Sequence[int]): Images, rows and columns.
        stride (int): Size of a cell in pixels.

    Returns:
        Tensor: Boolean, of ``shape``.
    """
    inside = []
    for size, low, high in ((shape[1], boxes[:, 1::2][:, :1], boxes[:, 3:]),
                            (shape[2], boxes[:, :1], boxes[:, 2:3])):
        centre = (torch.arange(size, device=boxes.device) + 0.5) * stride
        inside.append((centre >= low) & (centre <= high))
    both = (inside[0][:, :, None] & inside[1][:, None, :]).float()
    return both.new_zeros(*shape).index_add_(0, img_idx, both) > 0


def objectness_loss(logits: Tensor, target: Tensor,
                    positive: Tuple[Tensor, ...],
                    ignored: Optional[Tensor] = None) -> Tensor:
    """Mean binary cross entropy over the cells and anchors of a batch.

    Args:
        logits (Tensor): Shape (B, A, H, W).
        target (Tensor): Of the same shape.
        positive (tuple[Tensor]): One index of shape (n, ) per dimension;
            these places count even if ignored.
        ignored (Tensor, optional): Cells to leave out, boolean, shape
            (B, H, W).

    Returns:
        Tensor: The mean over what counts, a scalar.
    """
    loss = F.binary_cross_entropy_with_logits(
        logits, target, reduction='none')
    if ignored is None:
        return loss.mean()
    weight = (~ignored[:, None]).expand(loss.shape).to(loss).clone()
    weight[positive] = 1
    return (loss * weight).sum() / weight.sum().clamp(min=1)
