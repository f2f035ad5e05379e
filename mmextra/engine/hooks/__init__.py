from mmextra.utils import HAS_VIDEO, absent_without_video

from .anchor_check_hook import AnchorCheckHook
from .anchor_coverage_hook import AnchorCoverageHook
from .autocast_hook import AutocastHook
from .benchmark_hook import BenchmarkHook
from .channels_last_hook import ChannelsLastHook
from .dump_check_hook import VIDDumpCheckHook
from .feature_forecast_phase_hook import FeatureForecastPhaseHook
from .fuse_conv_bn_hook import FuseConvBNHook
from .map_check_hook import MapCheckHook
from .principal_components_hook import (
    PrincipalComponentsHook,
    principal_components,
)
from .support_init_hook import SupportInitHook
from .yolo_lr_hook import YOLOLrHook, lr_factor

__all__ = [
    'AnchorCheckHook', 'AnchorCoverageHook', 'AutocastHook',
    'BenchmarkHook', 'ChannelsLastHook', 'FeatureForecastPhaseHook',
    'FuseConvBNHook', 'MapCheckHook', 'PrincipalComponentsHook',
    'SupportInitHook', 'VIDDumpCheckHook', 'VIDVisualizationHook',
    'YOLOLrHook', 'lr_factor', 'principal_components'
]

if HAS_VIDEO:
    from .vid_visualization_hook import VIDVisualizationHook
else:
    absent_without_video(__name__, 'HOOKS', 'VIDVisualizationHook')
