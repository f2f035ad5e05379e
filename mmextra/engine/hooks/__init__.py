from .benchmark_hook import BenchmarkHook
from .dump_check_hook import VIDDumpCheckHook
from .feature_forecast_phase_hook import FeatureForecastPhaseHook
from .vid_visualization_hook import VIDVisualizationHook

__all__ = [
    'BenchmarkHook', 'FeatureForecastPhaseHook', 'VIDDumpCheckHook',
    'VIDVisualizationHook'
]
