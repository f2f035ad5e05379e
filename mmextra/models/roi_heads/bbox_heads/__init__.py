from .attentive_bbox_head import (
    AttentiveBBoxHead,
    global_matching_vector,
    local_matching_vector,
)
from .comparison_bbox_head import ComparisonBBoxHead
from .cosine_sim_bbox_head import CosineLinear, CosineSimBBoxHead
from .multi_relation_bbox_head import MultiRelationBBoxHead
from .nonempty_bbox_head import NonEmptyShared2FCBBoxHead
from .roi_tower import RoITower

__all__ = [
    'AttentiveBBoxHead', 'ComparisonBBoxHead', 'CosineLinear',
    'CosineSimBBoxHead', 'MultiRelationBBoxHead',
    'NonEmptyShared2FCBBoxHead', 'RoITower', 'global_matching_vector',
    'local_matching_vector'
]
