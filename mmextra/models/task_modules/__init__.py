from . import assigners, coders, prior_generators
from .lasa import LocalityAwareScoreAlign, lasa_points, lasa_scores
from .read_policy import ReadPolicy

__all__ = [
    'LocalityAwareScoreAlign', 'ReadPolicy', 'assigners', 'coders',
    'lasa_points', 'lasa_scores', 'prior_generators'
]
