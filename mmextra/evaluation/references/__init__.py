from .loader import get_reference, load_paper, papers, read_paper, table_rows
from .rows import Paper, Reference, ReferenceValue
from .units import UNITS, convert_unit, format_printed, format_value

__all__ = [
    'UNITS', 'Paper', 'Reference', 'ReferenceValue', 'convert_unit',
    'format_printed', 'format_value', 'get_reference', 'load_paper', 'papers',
    'read_paper', 'table_rows'
]
