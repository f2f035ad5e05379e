"""Generators of small synthetic data sets, in native on-disk formats.

A generator is a function ``(root, num_train, num_val, num_test, image_size,
seed, force, ...) -> dict`` that writes through :func:`write_once`.
"""
from .folder import read_marker, write_once
from .harbour import make_harbour
from .moving_objects import make_moving_objects

GENERATORS = dict(harbour=make_harbour, moving_objects=make_moving_objects)

__all__ = [
    'GENERATORS', 'make_harbour', 'make_moving_objects', 'read_marker',
    'write_once'
]
