from .cosine_angle_loss import CosineAngleLoss, cosine_angle_loss
from .decision_loss import decision_loss, decision_target, decision_targets
from .forecast_mse_loss import ForecastMSELoss, forecast_loss
from .unitbox_iou_loss import UnitBoxIoULoss, unitbox_iou_loss

__all__ = [
    'CosineAngleLoss', 'ForecastMSELoss', 'UnitBoxIoULoss',
    'cosine_angle_loss', 'decision_loss', 'decision_target',
    'decision_targets', 'forecast_loss', 'unitbox_iou_loss'
]
