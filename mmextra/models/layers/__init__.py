from .bottleneck_lstm_cell import BottleneckLSTMCell, LSTMState, lstm_update
from .correlation import correlation
from .correlation_scheduler import CorrelationScheduler
from .forecast_encoder import ForecastEncoder
from .spatial_attention import SpatialAttention, channel_statistics

__all__ = [
    'BottleneckLSTMCell', 'CorrelationScheduler', 'ForecastEncoder',
    'LSTMState', 'SpatialAttention', 'channel_statistics', 'correlation',
    'lstm_update'
]
