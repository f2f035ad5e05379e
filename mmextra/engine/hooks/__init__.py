from .benchmark_hook import BenchmarkHook

__all__ = ['BenchmarkHook']
