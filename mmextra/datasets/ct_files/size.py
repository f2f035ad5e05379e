"""Sizes of slices from their headers alone."""
from typing import Tuple

from ..image_files import image_size
from .dicom import dicom_size
from .nifti import nifti_size
from .paths import SliceError, is_dicom, is_volume


def slice_size(path: str) -> Tuple[int, int]:
    """Width and height of a slice as :class:`LoadCTSlice` gives it.

    Args:
        path (str): An image, a DICOM file, or a slice of a volume,
            ``volume.nii.gz#12``.

    Returns:
        tuple[int, int]: Width and height in pixels, from the header alone.

    Raises:
        ImportError: If the package for its format is missing.
        SliceError: If a DICOM file or a volume cannot be read as a slice.
        ValueError: If an image cannot be read.
    """
    try:
        if is_volume(path):
            return nifti_size(path)
        if is_dicom(path):
            return dicom_size(path)
    except SliceError as error:
        raise SliceError(f'{error} Or set on_error="skip".') from error
    return image_size(path)
