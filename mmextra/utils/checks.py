"""Refusing unknown values and keys; shared with the runner."""
from mmextra_runtime.checks import (
    check_choice,
    check_keys,
    enumerate_choices,
    literal_values,
    nearest,
    settings_from_cfg,
)

__all__ = [
    'check_choice', 'check_keys', 'enumerate_choices', 'literal_values',
    'nearest', 'settings_from_cfg'
]
