"""When to read a frame of a live video; shared with the runner."""
from mmextra_runtime.read_policy import FORECAST, MODES, READ, ReadPolicy

__all__ = ['FORECAST', 'MODES', 'READ', 'ReadPolicy']
