from mmextra.utils import (
    HAS_MMROTATE,
    HAS_VIDEO,
    absent_without_mmrotate,
    absent_without_video,
)

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
from .visdrone import VisDroneDataset

__all__ = [
    'AnnotationError', 'CTImageDataset', 'CTLesionDataset', 'DIORVASDataset',
    'FewShotCocoDataset', 'FewShotCocoDefaultDataset', 'FewShotVOCDataset',
    'FewShotVOCDefaultDataset', 'ImageNetVIDDataset', 'ImageViews',
    'QueryAwareDataset', 'VisDroneDataset', 'transforms'
]

if HAS_VIDEO:
    from .imagenet_vid import ImageNetVIDDataset
else:
    absent_without_video(__name__, 'DATASETS', 'ImageNetVIDDataset')

if HAS_MMROTATE:
    from .hrsc2016 import HRSC2016Dataset
    from .hrsd import HRSDDataset

    __all__ += ['HRSC2016Dataset', 'HRSDDataset']
else:
    __getattr__ = absent_without_mmrotate(
        __name__, 'HRSC2016Dataset', 'HRSDDataset')
