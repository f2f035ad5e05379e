from .benchmark_hook import BenchmarkHook
from .yolo_lr_hook import YOLOLrHook, lr_factor

__all__ = ['BenchmarkHook', 'YOLOLrHook', 'lr_factor']
