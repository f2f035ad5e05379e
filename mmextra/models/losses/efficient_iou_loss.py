"""Efficient IoU loss (Zhang et al. 2021; LCB-YOLOv5s, Eq. 5)."""
from typing import Optional

import torch
from mmdet.models.losses.utils import weighted_loss
from mmdet.registry import MODELS
from torch import Tensor

from mmextra.utils.checks import check_choice

from .elementwise_loss import ElementwiseLoss, Reduction


def _area(wh: Tensor) -> Tensor:
    """Area of boxes of such sides, (N, 2) to (N, ); 0 for inverted ones."""
    wh = wh.clamp(min=0)
    return wh[:, 0] * wh[:, 1]


@weighted_loss
def efficient_iou_loss(pred: Tensor,
                       target: Tensor,
                       eps: float = 1e-7) -> Tensor:
    r"""Overlap, centre, width and height of boxes, each with its own term.

    .. math::
        L = 1 - IoU + \frac{\rho^2(b, b^{gt})}{c_w^2 + c_h^2}
            + \frac{(w - w^{gt})^2}{c_w^2} + \frac{(h - h^{gt})^2}{c_h^2}

    with the width :math:`c_w` and height :math:`c_h` of the smallest box
    around both. Nothing is detached. Between boxes of positive sides
    :math:`0 \le L < 4`, and 0 for identical ones only.

    Not in the paper: denominators are not smaller than ``eps``, and an
    inverted box counts as empty in the IoU alone, so that the two size terms
    turn it round.

    Args:
        pred (Tensor): Boxes x1, y1, x2, y2 in any unit, shape (N, 4).
        target (Tensor): The same of the targets, shape (N, 4).
        eps (float): Least denominator.

    Returns:
        Tensor: Loss per box, shape (N, ), at least in single precision.
    """
    dtype = torch.promote_types(pred.dtype, torch.float32)
    pred, target = pred.to(dtype), target.to(dtype)
    pred_wh = pred[:, 2:] - pred[:, :2]
    target_wh = target[:, 2:] - target[:, :2]
    overlap = _area(
        torch.min(pred[:, 2:], target[:, 2:]) -
        torch.max(pred[:, :2], target[:, :2]))
    union = _area(pred_wh) + _area(target_wh) - overlap
    around = (torch.max(pred[:, 2:], target[:, 2:]) -
              torch.min(pred[:, :2], target[:, :2])).square()
    centres = (pred[:, :2] + pred[:, 2:] - target[:, :2] -
               target[:, 2:]).square().sum(-1) / 4
    sides = (pred_wh - target_wh).square() / around.clamp(min=eps)
    return (1 - overlap / union.clamp(min=eps) +
            centres / around.sum(-1).clamp(min=eps) + sides.sum(-1))


@MODELS.register_module()
class EfficientIoULoss(ElementwiseLoss):
    """Efficient IoU loss, see :func:`efficient_iou_loss`.

    It is not mmdet's ``EIoULoss``, which is the Extended IoU (IEEE 9429909)
    and knows no width and height of the enclosing box.

    Args:
        eps (float): See :func:`efficient_iou_loss`.
        reduction (str): 'none', 'mean' or 'sum'.
        loss_weight (float): Factor of the loss.
    """

    def __init__(self,
                 eps: float = 1e-7,
                 reduction: Reduction = 'mean',
                 loss_weight: float = 1.0) -> None:
        super().__init__(efficient_iou_loss, reduction, loss_weight, eps=eps)

    def forward(self,
                pred: Tensor,
                target: Tensor,
                weight: Optional[Tensor] = None,
                avg_factor: Optional[float] = None,
                reduction_override: Optional[Reduction] = None) -> Tensor:
        """Weighted loss.

        Args:
            pred (Tensor): Boxes x1, y1, x2, y2, shape (N, 4).
            target (Tensor): The targets, shape (N, 4).
            weight (Tensor, optional): Weight per box, shape (N, ) or (N, 4).
            avg_factor (float, optional): Divisor of the sum.
            reduction_override (str, optional): Replaces ``reduction``.

        Returns:
            Tensor: The loss, a scalar unless the reduction is 'none'. It
            belongs to the graph also without boxes or weights.

        Raises:
            ValueError: If the reduction is unknown.
        """
        reduction = reduction_override or self.reduction
        check_choice('reduction', reduction, Reduction)
        if weight is not None and weight.dim() > 1:
            weight = weight.mean(-1)
        nothing = len(pred) == 0 or (weight is not None
                                     and not (weight > 0).any())
        if nothing and reduction != 'none':
            return pred.sum() * 0
        return super().forward(pred, target, weight, avg_factor, reduction)
