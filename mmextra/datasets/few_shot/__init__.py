from mmextra.utils.class_splits import COCO_SPLITS, VOC_SPLITS, resolve_classes

from .base import FewShotMixin
from .coco import FewShotCocoDataset, FewShotCocoDefaultDataset
from .query_aware import (
    QueryAwareDataset,
    draw_supports,
    query_aware_candidates,
)
from .shots import select_shots, shot_key
from .voc import FewShotVOCDataset, FewShotVOCDefaultDataset

__all__ = [
    'COCO_SPLITS', 'FewShotCocoDataset', 'FewShotCocoDefaultDataset',
    'FewShotMixin', 'FewShotVOCDataset', 'FewShotVOCDefaultDataset',
    'QueryAwareDataset', 'VOC_SPLITS', 'draw_supports',
    'query_aware_candidates', 'resolve_classes', 'select_shots', 'shot_key'
]
