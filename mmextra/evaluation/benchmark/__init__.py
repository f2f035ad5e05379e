from .compare import compare, same_dataset
from .facts import DatasetFacts, dataset_facts, model_facts, versions
from .means import mean_table, parse_group
from .plot import draw_bars
from .render import print_benchmark, rows_to_markdown
from .runs import find_files, load_runs
from .store import BenchmarkFileError, read_rows, save_row, write_atomic
from .table import BenchmarkTable, training_length

__all__ = [
    'BenchmarkFileError', 'BenchmarkTable', 'DatasetFacts', 'compare',
    'dataset_facts', 'draw_bars', 'find_files', 'load_runs', 'mean_table',
    'model_facts', 'parse_group', 'print_benchmark', 'read_rows',
    'rows_to_markdown', 'same_dataset', 'save_row', 'training_length',
    'versions', 'write_atomic'
]
