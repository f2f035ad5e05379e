from . import (
    dense_heads,
    detectors,
    layers,
    losses,
    necks,
    task_modules,
)

__all__ = [
    'dense_heads', 'detectors', 'layers', 'losses', 'necks', 'task_modules'
]
