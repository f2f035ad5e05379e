"""Angle loss of EAST (CVPR 2017), L_a in LARSD's Eq. 2."""
import torch
from mmdet.models.losses.utils import weighted_loss
from torch import Tensor

from mmextra.utils import register_in_both

from .elementwise_loss import ElementwiseLoss, Reduction


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
class CosineAngleLoss(ElementwiseLoss):
    """One minus the cosine of the angle error, see :func:`cosine_angle_loss`.

    Args:
        reduction (str): 'none', 'mean' or 'sum'.
        loss_weight (float): Factor of the loss, lambda_a in LARSD's Eq. 2.
            Not in the paper: 10, as in EAST, makes it about as large as the
            distance loss at the start, for over angles uniform in +-45
            degrees the mean loss is 0.0997.
    """

    def __init__(self,
                 reduction: Reduction = 'mean',
                 loss_weight: float = 1.0) -> None:
        super().__init__(cosine_angle_loss, reduction, loss_weight)
