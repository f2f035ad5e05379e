from .near_rbbox_overlaps import NearRBboxOverlaps2D
from .same_center_assigner import SameCenterAssigner, inside_pairs, shape_iou

__all__ = [
    'NearRBboxOverlaps2D', 'SameCenterAssigner', 'inside_pairs', 'shape_iou'
]
