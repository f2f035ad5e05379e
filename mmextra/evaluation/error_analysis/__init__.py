from .comparison import compare_detectors
from .errors import KINDS, error_costs, error_counts, judge
from .loading import scenes_from_coco, scenes_from_results
from .report import analyze, write_report
from .scenes import Scene

__all__ = [
    'KINDS', 'Scene', 'analyze', 'compare_detectors', 'error_costs',
    'error_counts', 'judge',
    'scenes_from_coco', 'scenes_from_results', 'write_report'
]
