"""Weights of positives, and the losses that can take them."""
from typing import Optional

import torch
from torch import Tensor, nn


def weights_per_gt(gt: Tensor, num_gts: int) -> Optional[Tensor]:
    """Weights by which all boxes with positives count alike.

    Args:
        gt (Tensor): Index of the box of each positive, shape (P, ).
        num_gts (int): Number of boxes.

    Returns:
        Tensor, optional: Shape (P, ), with a mean of 1; None if there are no
        positives.
    """
    if not len(gt):
        return None
    # bincount would have to ask a GPU for the number of boxes.
    counts = gt.new_zeros(num_gts).index_add_(0, gt, torch.ones_like(gt))
    return len(gt) / (counts > 0).sum() / counts[gt]


def weight_columns(loss: nn.Module, columns: int, name: str) -> int:
    """Columns that a loss wants in its weights.

    Args:
        loss (nn.Module): Of predictions and targets (P, columns), or (P, ) if
            ``columns`` is 1.
        columns (int): Numbers for each positive.
        name (str): What the head calls the loss.

    Returns:
        int: 0 for one weight for each positive, else ``columns``, as losses
        element by element have it.

    Raises:
        ValueError: If the loss takes neither.
    """
    # Three, which no number of columns is, lest they are taken for them.
    values = torch.arange(1., 3 * columns + 1).view(3, columns)
    values = values if columns > 1 else values[:, 0]
    for shape, found in (((3, ), 0), (tuple(values.shape), columns)):
        try:
            loss(values, values + 1, values.new_ones(shape), avg_factor=1.)
        except (AssertionError, IndexError, RuntimeError):
            continue
        return found
    raise ValueError(
        f"pos_balance='per_gt' and 'per_gt_all' weight positives, but {name} "
        f'({type(loss).__name__}) takes no weights of shape (P, ) or (P, '
        f"{columns}); set pos_balance='none', take another loss, or, for one "
        'of rotated boxes, set reg_decoded_bbox=True')
