"""IoU loss over four edge distances (UnitBox, ACM MM 2016).

Used by LARSD for its distance loss L_d (Eq. 2).
"""
import torch
from mmdet.models.losses.utils import weighted_loss
from torch import Tensor

from mmextra.utils import register_in_both

from .elementwise_loss import ElementwiseLoss, Reduction


@weighted_loss
def unitbox_iou_loss(pred: Tensor,
                     target: Tensor,
                     smooth: float = 0.0,
                     eps: float = 1e-6) -> Tensor:
    """Negative logarithm of the IoU of boxes that share a point and an angle.

    Both boxes are seen from the same inner point in the same frame, so the
    intersection is a product of sums of the smaller distances.

    Args:
        pred (Tensor): Distances to the top, right, bottom and left side,
            shape (N, 4), positive, in any unit.
        target (Tensor): The same of the target, shape (N, 4).
        smooth (float): Added to intersection and union. EAST uses 1 square
            pixel; UnitBox and LARSD use none.
        eps (float): Lower bound of the IoU inside the logarithm.

    Returns:
        Tensor: Loss per box, shape (N, ).
    """
    inner = torch.min(pred, target)
    overlap = (inner[:, 0] + inner[:, 2]) * (inner[:, 1] + inner[:, 3])
    area = (pred[:, 0] + pred[:, 2]) * (pred[:, 1] + pred[:, 3])
    target_area = ((target[:, 0] + target[:, 2]) *
                   (target[:, 1] + target[:, 3]))
    union = area + target_area - overlap
    iou = (overlap + smooth) / (union + smooth)
    return -iou.clamp(min=eps).log()


@register_in_both('MODELS')
class UnitBoxIoULoss(ElementwiseLoss):
    """``-ln(IoU)`` over distances to the four sides of a box.

    The IoU is that of the two rectangles laid into one frame; the angle has
    a loss of its own (:class:`CosineAngleLoss`), as in EAST.

    Args:
        smooth (float): See :func:`unitbox_iou_loss`.
        eps (float): See :func:`unitbox_iou_loss`.
        reduction (str): 'none', 'mean' or 'sum'.
        loss_weight (float): Factor of the loss, lambda_d in LARSD's Eq. 2.
    """

    def __init__(self,
                 smooth: float = 0.0,
                 eps: float = 1e-6,
                 reduction: Reduction = 'mean',
                 loss_weight: float = 1.0) -> None:
        super().__init__(
            unitbox_iou_loss, reduction, loss_weight, smooth=smooth, eps=eps)
