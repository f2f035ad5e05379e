from .benchmark import run_benchmark
from .engine import Run, run_stages
from .manifest import Manifest, ManifestError, StageRule, read_manifest
from .page import write_page
from .plan import Stage, choose_configs, make_plan
from .results import ResultsError, collect, read_results, write_results
from .table import ZooTable

__all__ = [
    'Manifest', 'ManifestError', 'ResultsError', 'Run', 'Stage', 'StageRule',
    'ZooTable', 'choose_configs', 'collect', 'make_plan', 'read_manifest',
    'read_results', 'run_benchmark', 'run_stages', 'write_page',
    'write_results'
]
