"""Forecast loss (Eq. 2)."""
from typing import Optional

import torch
import torch.nn.functional as F
from mmdet.registry import MODELS
from torch import Tensor, nn


def motion_weights(current: Tensor, target: Tensor,
                   motion_weight: float) -> Tensor:
    """Weights of positions, larger where the map changes.

    Args:
        current (Tensor): (N, C, h, w) map of this frame.
        target (Tensor): (N, C, h, w) that of the next.
        motion_weight (float): What change adds to the weight.

    Returns:
        Tensor: (N, 1, h, w) ``1 + motion_weight c / mean(c)``, the change c
        of a position being the mean over its channels and the mean over all
        positions of the sample; divided by its own mean, which is 1 then.
    """
    with torch.no_grad():
        change = (target.float() - current.float()).abs().mean(
            1, keepdim=True)
        mean = change.mean((2, 3), keepdim=True).clamp(min=1e-12)
        weights = 1 + motion_weight * change / mean
        return weights / weights.mean((2, 3), keepdim=True)


def forecast_loss(forecast: Tensor,
                  target: Tensor,
                  detach_target: bool = True,
                  weights: Optional[Tensor] = None) -> Tensor:
    """Mean squared error between a forecast map and the actual one.

    Eq. 2 prints F_t as target; F_{t+1}, as the text says, is meant.

    Args:
        forecast (Tensor): Forecast maps, any shape.
        target (Tensor): Actual maps of the frames forecast, same shape.
        detach_target (bool): Let no gradient into the target.
        weights (Tensor, optional): Of the squares; spread over the shape.

    Returns:
        Tensor: The mean over all elements.
    """
    target = target.detach() if detach_target else target
    if weights is None:
        return F.mse_loss(forecast, target)
    return (weights * (forecast - target).square()).mean()


@MODELS.register_module()
class ForecastMSELoss(nn.Module):
    """See :func:`forecast_loss`.

    Not in the paper: the target is detached, for otherwise the backbone
    could lower the loss by features that do not change; and
    ``motion_weight``.

    Args:
        loss_weight (float): gamma of Eq. 1.
        detach_target (bool): See above.
        motion_weight (float): Weigh the error of positions that change, see
            :func:`motion_weights`; 0 weighs all alike, as the paper does.

    Raises:
        ValueError: If ``motion_weight`` is below 0.
    """

    def __init__(self,
                 loss_weight: float = 1.0,
                 detach_target: bool = True,
                 motion_weight: float = 0.) -> None:
        super().__init__()
        if not motion_weight >= 0:
            raise ValueError('motion_weight must be a number from 0 on, got '
                             f'{motion_weight!r}')
        self.loss_weight = loss_weight
        self.detach_target = detach_target
        self.motion_weight = motion_weight

    def forward(self, forecast: Tensor, target: Tensor,
                current: Optional[Tensor] = None) -> Tensor:
        """The weighted loss; ``current`` is the map of the frame before the
        target, without which positions are weighed alike."""
        weights = motion_weights(current, target, self.motion_weight) \
            if self.motion_weight and current is not None else None
        return self.loss_weight * forecast_loss(
            forecast, target, self.detach_target, weights)
