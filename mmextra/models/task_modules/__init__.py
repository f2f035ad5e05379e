from . import assigners, coders, prior_generators
from .lasa import LocalityAwareScoreAlign, lasa_points, lasa_scores
from .nonempty_nms import nonempty_nms

__all__ = [
    'LocalityAwareScoreAlign', 'assigners', 'coders', 'lasa_points',
    'lasa_scores', 'nonempty_nms', 'prior_generators'
]
