from .anchor_fit import anchor_fit
from .rotated_shape_prior_generator import RotatedShapePriorGenerator

__all__ = ['RotatedShapePriorGenerator', 'anchor_fit']
