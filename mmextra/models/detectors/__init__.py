from .covid_ct_mask_net import COVIDCTMaskNet
from .feature_forecast_detector import FeatureForecastDetector, MapStep
from .gcn_fsod import GCNFSOD, AttentionRPNDetector
from .query_support_detector import (
    QuerySupportDetector,
    find_few_shot_detector,
)
from .tfa import TFA
from .video_stream import VideoStream

__all__ = [
    'AttentionRPNDetector', 'COVIDCTMaskNet', 'FeatureForecastDetector',
    'GCNFSOD', 'MapStep', 'QuerySupportDetector', 'TFA', 'VideoStream',
    'find_few_shot_detector'
]
