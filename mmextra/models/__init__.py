from . import backbones, dense_heads, layers, losses, necks, task_modules

__all__ = [
    'backbones', 'dense_heads', 'layers', 'losses', 'necks', 'task_modules'
]
