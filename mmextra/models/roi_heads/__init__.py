from . import bbox_heads
from .bbox_heads import NonEmptyShared2FCBBoxHead
from .class_results import merge_class_results
from .query_support_roi_head import QuerySupportRoIHead, select_roi_samples
from .roi_extractors import BagRoIExtractor

__all__ = [
    'BagRoIExtractor', 'NonEmptyShared2FCBBoxHead', 'QuerySupportRoIHead',
    'bbox_heads', 'merge_class_results', 'select_roi_samples'
]
