from .cosine_angle_loss import CosineAngleLoss, cosine_angle_loss
from .efficient_iou_loss import EfficientIoULoss, efficient_iou_loss
from .roi_score_cross_entropy_loss import (
    RoIScoreCrossEntropyLoss,
    roi_sigmoid_scores,
)
from .unitbox_iou_loss import UnitBoxIoULoss, unitbox_iou_loss

__all__ = [
    'CosineAngleLoss', 'EfficientIoULoss', 'RoIScoreCrossEntropyLoss',
    'UnitBoxIoULoss', 'cosine_angle_loss', 'efficient_iou_loss',
    'roi_sigmoid_scores', 'unitbox_iou_loss'
]
