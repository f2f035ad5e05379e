from .benchmark import run_benchmark
from .data_folders import data_folder, split_by_data
from .engine import Run, run_stages
from .manifest import Manifest, ManifestError, StageRule, read_manifest
from .page import write_page
from .plan import Stage, choose_configs, make_plan
from .results import ResultsError, collect, read_results, write_results
from .table import ZooTable

__all__ = [
    'Manifest', 'ManifestError', 'ResultsError', 'Run', 'Stage', 'StageRule',
    'ZooTable', 'choose_configs', 'collect', 'data_folder', 'make_plan',
    'read_manifest', 'read_results', 'run_benchmark', 'run_stages',
    'split_by_data', 'write_page', 'write_results'
]
