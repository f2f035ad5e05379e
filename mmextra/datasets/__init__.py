from . import transforms
from .bad_input import AnnotationError
from .hrsc2016 import HRSC2016Dataset
from .hrsd import HRSDDataset
from .imagenet_vid import ImageNetVIDDataset

__all__ = [
    'AnnotationError', 'HRSC2016Dataset', 'HRSDDataset',
    'ImageNetVIDDataset', 'transforms'
]
