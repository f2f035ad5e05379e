from mmextra.utils import HAS_MMROTATE, absent_without_mmrotate

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
from .image_views import ImageViews
from .imagenet_vid import ImageNetVIDDataset
from .visdrone import VisDroneDataset

__all__ = [
    'AnnotationError', 'CTImageDataset', 'CTLesionDataset', 'DIORVASDataset',
    'FewShotCocoDataset', 'FewShotCocoDefaultDataset', 'FewShotVOCDataset',
    'FewShotVOCDefaultDataset', 'ImageNetVIDDataset', 'ImageViews',
    'QueryAwareDataset', 'VisDroneDataset', 'transforms'
]

if HAS_MMROTATE:
    from .hrsc2016 import HRSC2016Dataset
    from .hrsd import HRSDDataset

    __all__ += ['HRSC2016Dataset', 'HRSDDataset']
else:
    __getattr__ = absent_without_mmrotate(
        __name__, 'HRSC2016Dataset', 'HRSDDataset')
