from .cosine_angle_loss import CosineAngleLoss, cosine_angle_loss
from .decision_loss import (
    DecisionSettings,
    decision_loss,
    decision_target,
    decision_targets,
)
from .efficient_iou_loss import EfficientIoULoss, efficient_iou_loss
from .forecast_mse_loss import ForecastMSELoss, forecast_loss
from .objectness_class_loss import ObjectnessClassLoss, joint_logits
from .roi_score_cross_entropy_loss import (
    RoIScoreCrossEntropyLoss,
    roi_sigmoid_scores,
)
from .unitbox_iou_loss import UnitBoxIoULoss, unitbox_iou_loss

__all__ = [
    'CosineAngleLoss', 'DecisionSettings', 'EfficientIoULoss',
    'ForecastMSELoss', 'ObjectnessClassLoss', 'RoIScoreCrossEntropyLoss',
    'UnitBoxIoULoss',
    'cosine_angle_loss', 'decision_loss', 'decision_target',
    'decision_targets', 'efficient_iou_loss', 'forecast_loss',
    'joint_logits', 'roi_sigmoid_scores', 'unitbox_iou_loss'
]
