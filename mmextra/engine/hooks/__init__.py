from .benchmark_hook import BenchmarkHook
from .fuse_conv_bn_hook import FuseConvBNHook
from .yolo_lr_hook import YOLOLrHook, lr_factor

__all__ = ['BenchmarkHook', 'FuseConvBNHook', 'YOLOLrHook', 'lr_factor']
