from . import (
    data_preprocessors,
    dense_heads,
    detectors,
    layers,
    losses,
    necks,
    roi_heads,
    task_modules,
)

__all__ = [
    'data_preprocessors', 'dense_heads', 'detectors', 'layers', 'losses',
    'necks', 'roi_heads', 'task_modules'
]
