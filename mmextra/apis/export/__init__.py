"""Export to ONNX, for :mod:`mmextra_runtime`."""
from .exporter import export_built, export_model, load_model, write_report
from .plan import ExportError, ExportPlan, GraphPlan, Options
from .verify import compare, verify

__all__ = [
    'ExportError', 'ExportPlan', 'GraphPlan', 'Options', 'compare',
    'export_built', 'export_model', 'load_model', 'verify', 'write_report'
]
