from . import dense_heads, losses, necks, task_modules

__all__ = ['dense_heads', 'losses', 'necks', 'task_modules']
