from .cosine_angle_loss import CosineAngleLoss, cosine_angle_loss
from .efficient_iou_loss import EfficientIoULoss, efficient_iou_loss
from .unitbox_iou_loss import UnitBoxIoULoss, unitbox_iou_loss

__all__ = [
    'CosineAngleLoss', 'EfficientIoULoss', 'UnitBoxIoULoss',
    'cosine_angle_loss', 'efficient_iou_loss', 'unitbox_iou_loss'
]
