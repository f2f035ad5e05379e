from .anchor_fit import anchor_fit
from .rotated_shape_prior_generator import RotatedShapePriorGenerator
from .rounded_anchor_generator import RoundedAnchorGenerator

__all__ = [
    'RotatedShapePriorGenerator', 'RoundedAnchorGenerator', 'anchor_fit'
]
