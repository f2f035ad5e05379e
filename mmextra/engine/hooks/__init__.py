from .benchmark_hook import BenchmarkHook
from .fuse_conv_bn_hook import FuseConvBNHook
from .support_init_hook import SupportInitHook
from .yolo_lr_hook import YOLOLrHook, lr_factor

__all__ = [
    'BenchmarkHook', 'FuseConvBNHook', 'SupportInitHook', 'YOLOLrHook',
    'lr_factor'
]
