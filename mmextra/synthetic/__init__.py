"""Generators of small synthetic data sets, in native on-disk formats.

A generator is a function ``(root, num_train, num_val, num_test, image_size,
seed, force, ...) -> dict`` that writes through :func:`write_once`.
"""
from typing import Any, Callable, Dict

from .aerial import make_aerial
from .ct import make_ct
from .folder import read_marker, write_once
from .harbour import make_harbour
from .moving_objects import make_moving_objects
from .toys import make_toys

GENERATORS: Dict[str, Callable[..., Any]] = dict(
    aerial=make_aerial,
    ct=make_ct,
    harbour=make_harbour,
    moving_objects=make_moving_objects,
    toys=make_toys)

__all__ = [
    'GENERATORS', 'make_aerial', 'make_ct', 'make_harbour',
    'make_moving_objects', 'make_toys', 'read_marker', 'write_once'
]
