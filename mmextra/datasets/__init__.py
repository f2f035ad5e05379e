from . import transforms
from .bad_input import AnnotationError
from .few_shot import (
    FewShotCocoDataset,
    FewShotCocoDefaultDataset,
    FewShotVOCDataset,
    FewShotVOCDefaultDataset,
    QueryAwareDataset,
)
from .hrsc2016 import HRSC2016Dataset
from .hrsd import HRSDDataset

__all__ = [
    'AnnotationError', 'FewShotCocoDataset', 'FewShotCocoDefaultDataset',
    'FewShotVOCDataset', 'FewShotVOCDefaultDataset', 'HRSC2016Dataset',
    'HRSDDataset', 'QueryAwareDataset', 'transforms'
]
