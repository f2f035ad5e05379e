from .feature_forecast_detector import FeatureForecastDetector, MapStep
from .video_stream import VideoStream

__all__ = ['FeatureForecastDetector', 'MapStep', 'VideoStream']
