from .same_center_assigner import SameCenterAssigner, inside_pairs, shape_iou

__all__ = ['SameCenterAssigner', 'inside_pairs', 'shape_iou']
