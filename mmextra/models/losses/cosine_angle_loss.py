"""Angle loss of EAST (CVPR 2017), L_a in LARSD's Eq. 2."""
from typing import Optional

import torch
from mmdet.models.losses.utils import weighted_loss
from torch import Tensor, nn

from mmextra.utils import register_in_both


@weighted_loss
def cosine_angle_loss(pred: Tensor, target: Tensor) -> Tensor:
    """``1 - cos(pred - target)``.

    Args:
        pred (Tensor): Angles in radians, any shape.
        target (Tensor): Target angles in radians, same shape.

    Returns:
        Tensor: Loss per angle, same shape.
    """
    return 1 - torch.cos(pred - target)


@register_in_both('MODELS')
class CosineAngleLoss(nn.Module):
    """One minus the cosine of the angle error.

    Args:
        reduction (str): 'none', 'mean' or 'sum'.
        loss_weight (float): Factor of the loss, lambda_a in LARSD's Eq. 2.
            Not in the paper: 10, as in EAST, makes it about as large as the
            distance loss at the start, for over angles uniform in +-45
            degrees the mean loss is 0.0997.
    """

    def __init__(self,
                 reduction: str = 'mean',
                 loss_weight: float = 1.0) -> None:
        super().__init__()
        self.reduction = reduction
        self.loss_weight = loss_weight

    def forward(self,
                pred: Tensor,
                target: Tensor,
                weight: Optional[Tensor] = None,
                avg_factor: Optional[float] = None,
                reduction_override: Optional[str] = None) -> Tensor:
        """Weighted loss.

        Args:
            pred (Tensor): Predicted angles in radians, shape (N, ).
            target (Tensor): Target angles in radians, shape (N, ).
            weight (Tensor, optional): Weight per angle, shape (N, ).
            avg_factor (float, optional): Divisor of the sum.
            reduction_override (str, optional): Replaces ``reduction``.

        Returns:
            Tensor: The loss, a scalar unless the reduction is 'none'.
        """
        return self.loss_weight * cosine_angle_loss(
            pred,
            target,
            weight,
            reduction=reduction_override or self.reduction,
            avg_factor=avg_factor)
