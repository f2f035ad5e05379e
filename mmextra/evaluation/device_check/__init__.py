from .check import check_device, check_family
from .distributed import check_distributed
from .families import FAMILIES, Family, family_config, make_data
from .ops import check_ops
from .report import to_markdown
from .steps import PRECISIONS, FamilySteps, Trained, scores_of

__all__ = [
    'FAMILIES', 'Family', 'FamilySteps', 'PRECISIONS', 'Trained',
    'check_device', 'check_distributed', 'check_family', 'check_ops',
    'family_config', 'make_data', 'scores_of', 'to_markdown'
]
