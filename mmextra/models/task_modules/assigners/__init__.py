from mmextra.utils import HAS_MMROTATE, absent_without_mmrotate

from .cross_grid_assigner import (
    CrossGridAssigner,
    CrossGridTargets,
    match_shapes,
    neighbour_cells,
)

__all__ = [
    'CrossGridAssigner', 'CrossGridTargets', 'match_shapes', 'neighbour_cells'
]

if HAS_MMROTATE:
    from .near_rbbox_overlaps import NearRBboxOverlaps2D
    from .point_tiles import inside_pairs
    from .prior_layout import shape_iou
    from .same_center_assigner import SameCenterAssigner

    __all__ += [
        'NearRBboxOverlaps2D', 'SameCenterAssigner',
        'inside_pairs', 'shape_iou'
    ]
else:
    __getattr__ = absent_without_mmrotate(
        __name__, 'NearRBboxOverlaps2D', 'SameCenterAssigner',
        'inside_pairs', 'shape_iou')
