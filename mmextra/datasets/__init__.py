from . import transforms
from .bad_input import AnnotationError
from .ct import CTImageDataset, CTLesionDataset
from .dior_vas import DIORVASDataset
from .hrsc2016 import HRSC2016Dataset
from .hrsd import HRSDDataset
from .visdrone import VisDroneDataset

__all__ = [
    'AnnotationError', 'CTImageDataset', 'CTLesionDataset', 'DIORVASDataset',
    'HRSC2016Dataset', 'HRSDDataset', 'VisDroneDataset', 'transforms'
]
