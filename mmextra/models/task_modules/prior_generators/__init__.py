from .rotated_shape_prior_generator import RotatedShapePriorGenerator

__all__ = ['RotatedShapePriorGenerator']
