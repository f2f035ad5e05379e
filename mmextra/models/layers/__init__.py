from .affinity import affinity, affinity_stats
from .correspondence import (
    block_correspondence,
    dense_correspondence,
    shared_correspondence,
)
from .local_correspondence_gcn import LocalCorrespondenceGCN, gcn_costs
from .support import (
    SupportFeatures,
    channel_activation,
    fuse_shots,
    map_to_nodes,
)
from .yolo_blocks import (
    LSM,
    Dres2Layer,
    Res2Unit,
    SPPFBottleneck,
    SPPSBottleneck,
)

__all__ = [
    'Dres2Layer', 'LSM', 'LocalCorrespondenceGCN', 'Res2Unit',
    'SPPFBottleneck', 'SPPSBottleneck', 'SupportFeatures', 'affinity',
    'affinity_stats', 'block_correspondence', 'channel_activation',
    'dense_correspondence', 'fuse_shots', 'gcn_costs', 'map_to_nodes',
    'shared_correspondence'
]
