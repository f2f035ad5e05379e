from . import assigners, coders, prior_generators
from .lasa import LocalityAwareScoreAlign, lasa_points, lasa_scores
from .nonempty_nms import nonempty_nms
from .objectness import (
    cells_in_boxes,
    objectness_loss,
    objectness_target,
)
from .read_policy import ReadPolicy

__all__ = [
    'LocalityAwareScoreAlign', 'ReadPolicy', 'assigners', 'cells_in_boxes',
    'coders', 'lasa_points', 'lasa_scores', 'nonempty_nms',
    'objectness_loss', 'objectness_target', 'prior_generators'
]
