from .cross_grid_assigner import (
    CrossGridAssigner,
    CrossGridTargets,
    match_shapes,
    neighbour_cells,
)
from .near_rbbox_overlaps import NearRBboxOverlaps2D
from .same_center_assigner import SameCenterAssigner, inside_pairs, shape_iou

__all__ = [
    'CrossGridAssigner', 'CrossGridTargets', 'NearRBboxOverlaps2D',
    'SameCenterAssigner', 'inside_pairs', 'match_shapes', 'neighbour_cells',
    'shape_iou'
]
