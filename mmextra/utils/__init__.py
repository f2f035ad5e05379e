from .named_weights import find_weights, published_weights
from .optional_host import (
    HAS_MMROTATE,
    HAS_VIDEO,
    absent_without_mmrotate,
    absent_without_video,
)
from .registry import host_registries, register_in_both
from .resources import config_root

__all__ = [
    'HAS_MMROTATE', 'HAS_VIDEO', 'absent_without_mmrotate',
    'absent_without_video', 'config_root',
    'find_weights', 'host_registries', 'published_weights',
    'register_in_both'
]
