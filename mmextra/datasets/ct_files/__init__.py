from .dicom import DicomSlice, check_dicom, read_dicom
from .nifti import check_volume, read_nifti
from .paths import (
    DICOM,
    NIFTI,
    SliceError,
    is_dicom,
    is_volume,
    slice_file,
    split_slice,
)
from .size import slice_size

__all__ = [
    'DICOM', 'NIFTI', 'DicomSlice', 'SliceError', 'check_dicom',
    'check_volume', 'is_dicom', 'is_volume', 'read_dicom', 'read_nifti',
    'slice_file', 'slice_size', 'split_slice'
]
