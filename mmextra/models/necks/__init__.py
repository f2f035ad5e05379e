from .feature_forecast_module import FeatureForecastModule
from .recurrent_feature_module import RecurrentFeatureModule
from .temporal_module import COMBINATIONS, StepOut, TemporalModule, mix_maps
from .unet_neck import UNetNeck

__all__ = [
    'COMBINATIONS', 'FeatureForecastModule', 'RecurrentFeatureModule',
    'StepOut', 'TemporalModule', 'UNetNeck', 'mix_maps'
]
