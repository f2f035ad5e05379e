from .cross_grid_assigner import (
    CrossGridAssigner,
    CrossGridTargets,
    match_shapes,
    neighbour_cells,
)
from .near_rbbox_overlaps import NearRBboxOverlaps2D
from .point_tiles import inside_pairs
from .prior_layout import shape_iou
from .same_center_assigner import SameCenterAssigner

__all__ = [
    'CrossGridAssigner', 'CrossGridTargets', 'NearRBboxOverlaps2D',
    'SameCenterAssigner', 'inside_pairs', 'match_shapes', 'neighbour_cells',
    'shape_iou'
]
