from .feature_forecast_module import FeatureForecastModule
from .fused_maps_neck import FusedMapsNeck
from .lcb_pafpn import LCBPAFPN
from .recurrent_feature_module import RecurrentFeatureModule
from .single_level_fpn import SingleLevelFPN
from .temporal_module import COMBINATIONS, StepOut, TemporalModule, mix_maps
from .unet_neck import UNetNeck

__all__ = [
    'COMBINATIONS', 'FeatureForecastModule', 'FusedMapsNeck', 'LCBPAFPN',
    'RecurrentFeatureModule', 'SingleLevelFPN', 'StepOut', 'TemporalModule',
    'UNetNeck', 'mix_maps'
]
