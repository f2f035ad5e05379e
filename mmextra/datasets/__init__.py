from . import transforms
from .bad_input import AnnotationError
from .dior_vas import DIORVASDataset
from .hrsc2016 import HRSC2016Dataset
from .hrsd import HRSDDataset
from .visdrone import VisDroneDataset

__all__ = [
    'AnnotationError', 'DIORVASDataset', 'HRSC2016Dataset', 'HRSDDataset',
    'VisDroneDataset', 'transforms'
]
