from . import transforms
from .bad_input import AnnotationError
from .hrsc2016 import HRSC2016Dataset
from .hrsd import HRSDDataset

__all__ = ['AnnotationError', 'HRSC2016Dataset', 'HRSDDataset', 'transforms']
