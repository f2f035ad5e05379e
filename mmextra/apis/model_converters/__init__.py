from .classifier_start import to_classifier
from .released_covid_ct import from_released, load_tensors
from .widened_head import widen, widen_checkpoint

__all__ = [
    'from_released', 'load_tensors', 'to_classifier', 'widen',
    'widen_checkpoint'
]
