from . import transforms
from .bad_input import AnnotationError
from .ct import CTImageDataset, CTLesionDataset
from .hrsc2016 import HRSC2016Dataset
from .hrsd import HRSDDataset

__all__ = [
    'AnnotationError', 'CTImageDataset', 'CTLesionDataset', 'HRSC2016Dataset',
    'HRSDDataset', 'transforms'
]
