"""When to read a frame of a live video; shared with the runner."""
from mmextra_runtime.read_policy import FORECAST, READ, ReadMode, ReadPolicy

__all__ = ['FORECAST', 'READ', 'ReadMode', 'ReadPolicy']
