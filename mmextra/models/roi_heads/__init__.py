from . import bbox_heads
from .query_support_roi_head import (
    QuerySupportRoIHead,
    merge_class_results,
    select_roi_samples,
)

__all__ = [
    'QuerySupportRoIHead', 'bbox_heads', 'merge_class_results',
    'select_roi_samples'
]
