"""What the name of a slice says: file, slice of a volume, format."""
import re
from typing import Optional, Tuple

NIFTI = ('.nii', '.nii.gz')
DICOM = ('.dcm', '.dicom', '.ima')
# A slice is asked for behind the extension of a volume alone: folders and
# other files may have a # in their names.
VOLUME = re.compile(r'(.*\.nii(?:\.gz)?)(?:#([^/]*))?', re.IGNORECASE)
MAGIC_AT = 128
MAGIC = b'DICM'
OFFSET_REMEDY = (
    'Tell what turns its values into Hounsfield units: '
    'LoadCTSlice(offset=-1024) if 1024 was added to them, offset=0 if '
    'nothing was')


class SliceError(ValueError):
    """A file that cannot be read as a CT slice; the text names it."""


def split_slice(path: str) -> Tuple[str, Optional[str]]:
    """The file of a slice, and which slice of it is meant.

    Args:
        path (str): An image, a DICOM file, or a slice of a volume,
            ``volume.nii.gz#12``.

    Returns:
        tuple: The file; what stands behind the ``#`` of a volume, None
        without one and for all other files.
    """
    # Nearly all are images, and the search for an expression takes longer.
    found = VOLUME.fullmatch(path) if '.nii' in path.lower() else None
    return (found.group(1), found.group(2)) if found else (path, None)


def slice_file(path: str) -> str:
    """The file that a slice is in, see :func:`split_slice`."""
    return split_slice(path)[0]


def is_volume(path: str) -> bool:
    """Whether a name is that of a NIfTI volume or of one of its slices."""
    return VOLUME.fullmatch(path) is not None


def is_dicom(path: str) -> bool:
    """Whether a file is DICOM, by its extension or by its first bytes.

    Archives keep DICOM files without extension.

    Args:
        path (str): The file; one that cannot be opened is judged by its
            extension alone.

    Returns:
        bool: Whether it is.
    """
    if path.lower().endswith(DICOM):
        return True
    try:
        with open(path, 'rb') as file:
            return file.read(MAGIC_AT + len(MAGIC))[MAGIC_AT:] == MAGIC
    except OSError:
        return False
