from .optional_host import HAS_MMROTATE, absent_without_mmrotate
from .registry import host_registries, register_in_both
from .resources import config_root

__all__ = [
    'HAS_MMROTATE', 'absent_without_mmrotate', 'config_root',
    'host_registries', 'register_in_both'
]
