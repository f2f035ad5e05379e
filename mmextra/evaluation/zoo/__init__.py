from .manifest import Manifest, ManifestError, StageRule, read_manifest
from .page import write_page
from .plan import Stage, choose_configs, make_plan
from .progress import ProgressDisplay
from .results import ResultsError, collect, read_results, write_results
from .runner import BenchmarkRunner, Run
from .table import ZooTable

__all__ = [
    'BenchmarkRunner', 'Manifest', 'ManifestError', 'ProgressDisplay',
    'ResultsError', 'Run', 'Stage', 'StageRule', 'ZooTable',
    'choose_configs', 'collect', 'make_plan', 'read_manifest',
    'read_results', 'write_page', 'write_results'
]
