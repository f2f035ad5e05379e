from .cosine_angle_loss import CosineAngleLoss, cosine_angle_loss
from .unitbox_iou_loss import UnitBoxIoULoss, unitbox_iou_loss

__all__ = [
    'CosineAngleLoss', 'UnitBoxIoULoss', 'cosine_angle_loss',
    'unitbox_iou_loss'
]
