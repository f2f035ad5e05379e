from mmextra.utils import HAS_VIDEO, absent_without_video

from .covid_ct_mask_net import COVIDCTMaskNet
from .gcn_fsod import GCNFSOD, AttentionRPNDetector
from .query_support_detector import (
    QuerySupportDetector,
    find_few_shot_detector,
)
from .tfa import TFA
from .video_stream import VideoStream

__all__ = [
    'AttentionRPNDetector', 'COVIDCTMaskNet', 'FeatureForecastDetector',
    'GCNFSOD', 'QuerySupportDetector', 'TFA', 'VideoStream',
    'find_few_shot_detector'
]

if HAS_VIDEO:
    from .feature_forecast_detector import FeatureForecastDetector, MapStep

    __all__ += ['MapStep']
else:
    absent_without_video(__name__, 'MODELS', 'FeatureForecastDetector')
