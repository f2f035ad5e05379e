from . import assigners, coders, prior_generators
from .lasa import LocalityAwareScoreAlign, lasa_points, lasa_scores

__all__ = [
    'LocalityAwareScoreAlign', 'assigners', 'coders', 'lasa_points',
    'lasa_scores', 'prior_generators'
]
