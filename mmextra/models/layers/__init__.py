from .affinity import affinity, affinity_stats
from .bag_roi_align import BagRoIAlign, bag_roi_align
from .bottleneck_lstm_cell import BottleneckLSTMCell, LSTMState, lstm_update
from .calibrated_norm import CalibratedNorm
from .correlation import correlation
from .correlation_scheduler import CorrelationScheduler
from .correspondence import (
    block_correspondence,
    dense_correspondence,
    shared_correspondence,
)
from .forecast_encoder import ForecastEncoder
from .local_correspondence_gcn import LocalCorrespondenceGCN, gcn_costs
from .spatial_attention import SpatialAttention, channel_statistics
from .support import (
    SupportFeatures,
    channel_activation,
    fuse_shots,
    map_to_nodes,
    regression_weights,
)
from .yolo_blocks import (
    LSM,
    Dres2Layer,
    Res2Unit,
    SPPFBottleneck,
    SPPSBottleneck,
)

__all__ = [
    'BagRoIAlign', 'BottleneckLSTMCell', 'CalibratedNorm',
    'CorrelationScheduler', 'Dres2Layer', 'ForecastEncoder', 'LSM',
    'LSTMState', 'LocalCorrespondenceGCN', 'Res2Unit', 'SPPFBottleneck',
    'SPPSBottleneck', 'SpatialAttention', 'SupportFeatures', 'affinity',
    'affinity_stats', 'bag_roi_align', 'block_correspondence',
    'channel_activation', 'channel_statistics', 'correlation',
    'dense_correspondence', 'fuse_shots', 'gcn_costs', 'lstm_update',
    'map_to_nodes', 'regression_weights', 'shared_correspondence'
]
