"""Forecast loss (Eq. 2)."""
import torch.nn.functional as F
from mmdet.registry import MODELS
from torch import Tensor, nn


def forecast_loss(forecast: Tensor,
                  target: Tensor,
                  detach_target: bool = True) -> Tensor:
    """Mean squared error between a forecast map and the actual one.

    Eq. 2 prints F_t as target; F_{t+1}, as the text says, is meant.

    Args:
        forecast (Tensor): Forecast maps, any shape.
        target (Tensor): Actual maps of the frames forecast, same shape.
        detach_target (bool): Let no gradient into the target.

    Returns:
        Tensor: The mean over all elements.
    """
    return F.mse_loss(forecast, target.detach() if detach_target else target)


@MODELS.register_module()
class ForecastMSELoss(nn.Module):
    """See :func:`forecast_loss`.

    Not in the paper: the target is detached, for otherwise the backbone
    could lower the loss by features that do not change.

    Args:
        loss_weight (float): gamma of Eq. 1.
        detach_target (bool): See above.
    """

    def __init__(self,
                 loss_weight: float = 1.0,
                 detach_target: bool = True) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.detach_target = detach_target

    def forward(self, forecast: Tensor, target: Tensor) -> Tensor:
        """The weighted loss."""
        return self.loss_weight * forecast_loss(forecast, target,
                                                self.detach_target)
