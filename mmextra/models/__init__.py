from . import dense_heads, layers, losses, necks, task_modules

__all__ = ['dense_heads', 'layers', 'losses', 'necks', 'task_modules']
