from .ct_image_dataset import CTImageDataset
from .ct_lesion_dataset import CTLesionDataset
from .lesions import CLASS_MODES, lesion_instances, read_lesion_mask
from .names import (
    CTName,
    parse_ct_name,
    parse_ct_source,
    parse_slice_name,
    patient_of,
    slice_stem,
)

__all__ = [
    'CLASS_MODES', 'CTImageDataset', 'CTLesionDataset', 'CTName',
    'lesion_instances', 'parse_ct_name', 'parse_ct_source',
    'parse_slice_name', 'patient_of', 'read_lesion_mask', 'slice_stem'
]
