from .attentive_bbox_head import (
    AttentiveBBoxHead,
    global_matching_vector,
    local_matching_vector,
)
from .cosine_sim_bbox_head import CosineLinear, CosineSimBBoxHead
from .multi_relation_bbox_head import MultiRelationBBoxHead
from .roi_tower import RoITower

__all__ = [
    'AttentiveBBoxHead', 'CosineLinear', 'CosineSimBBoxHead',
    'MultiRelationBBoxHead', 'RoITower', 'global_matching_vector',
    'local_matching_vector'
]
