from . import (
    backbones,
    data_preprocessors,
    dense_heads,
    detectors,
    img_heads,
    layers,
    losses,
    necks,
    roi_heads,
    task_modules,
    test_time_augs,
)

__all__ = [
    'backbones', 'data_preprocessors', 'dense_heads', 'detectors', 'img_heads',
    'layers', 'losses', 'necks', 'roi_heads', 'task_modules',
    'test_time_augs'
]
