"""When to read a frame of a live video; shared with the runner."""
from mmextra_runtime.read_policy import (
    FORECAST,
    READ,
    Between,
    ReadMode,
    ReadPolicy,
)

__all__ = ['Between', 'FORECAST', 'READ', 'ReadMode', 'ReadPolicy']
