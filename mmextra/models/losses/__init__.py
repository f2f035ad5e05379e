from .cosine_angle_loss import CosineAngleLoss, cosine_angle_loss
from .roi_score_cross_entropy_loss import (
    RoIScoreCrossEntropyLoss,
    roi_sigmoid_scores,
)
from .unitbox_iou_loss import UnitBoxIoULoss, unitbox_iou_loss

__all__ = [
    'CosineAngleLoss', 'RoIScoreCrossEntropyLoss', 'UnitBoxIoULoss',
    'cosine_angle_loss', 'roi_sigmoid_scores', 'unitbox_iou_loss'
]
