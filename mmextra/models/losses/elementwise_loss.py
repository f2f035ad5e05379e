"""What losses around one function of predictions and targets share."""
from typing import Any, Callable, Literal, Optional

from torch import Tensor, nn

Reduction = Literal['none', 'mean', 'sum']


class ElementwiseLoss(nn.Module):
    """Base of the losses: reduction and weights, in mmdet's vocabulary.

    Args:
        function (Callable): Loss per element, by mmdet's ``weighted_loss``.
        reduction (str): 'none', 'mean' or 'sum'.
        loss_weight (float): Factor of the loss.
        options: More arguments of the function.
    """

    def __init__(self,
                 function: Callable[..., Tensor],
                 reduction: Reduction = 'mean',
                 loss_weight: float = 1.0,
                 **options: Any) -> None:
        super().__init__()
        self.function = function
        self.reduction = reduction
        self.loss_weight = loss_weight
        self.options = options

    def forward(self,
                pred: Tensor,
                target: Tensor,
                weight: Optional[Tensor] = None,
                avg_factor: Optional[float] = None,
                reduction_override: Optional[Reduction] = None) -> Tensor:
        """Weighted loss.

        Args:
            pred (Tensor): Predictions as the function takes them.
            target (Tensor): The targets, of the same shape.
            weight (Tensor, optional): Weight per element, shape (N, ).
            avg_factor (float, optional): Divisor of the sum.
            reduction_override (str, optional): Replaces ``reduction``.

        Returns:
            Tensor: The loss, a scalar unless the reduction is 'none'.
        """
        return self.loss_weight * self.function(
            pred,
            target,
            weight,
            reduction=reduction_override or self.reduction,
            avg_factor=avg_factor,
            **self.options)
