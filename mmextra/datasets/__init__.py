from . import transforms
from .bad_input import AnnotationError
from .ct import CTImageDataset, CTLesionDataset
from .dior_vas import DIORVASDataset
from .few_shot import (
    FewShotCocoDataset,
    FewShotCocoDefaultDataset,
    FewShotVOCDataset,
    FewShotVOCDefaultDataset,
    QueryAwareDataset,
)
from .hrsc2016 import HRSC2016Dataset
from .hrsd import HRSDDataset
from .image_views import ImageViews
from .imagenet_vid import ImageNetVIDDataset
from .visdrone import VisDroneDataset

__all__ = [
    'AnnotationError', 'CTImageDataset', 'CTLesionDataset', 'DIORVASDataset',
    'FewShotCocoDataset', 'FewShotCocoDefaultDataset', 'FewShotVOCDataset',
    'FewShotVOCDefaultDataset', 'HRSC2016Dataset', 'HRSDDataset',
    'ImageNetVIDDataset', 'ImageViews', 'QueryAwareDataset', 'VisDroneDataset', 'transforms'
]
