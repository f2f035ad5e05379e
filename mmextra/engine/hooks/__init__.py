from .benchmark_hook import BenchmarkHook
from .support_init_hook import SupportInitHook

__all__ = ['BenchmarkHook', 'SupportInitHook']
