"""Slices in DICOM files, and whether their values are Hounsfield units."""
import math
from importlib.util import find_spec
from types import ModuleType
from typing import Any, List, NamedTuple, Optional, Tuple

import numpy as np

from .paths import OFFSET_REMEDY, SliceError

# What unpacks compressed pixels: beginnings of the transfer syntax, packages,
# and the module that shows that they are there. RLE needs nothing.
JPEG = '1.2.840.10008.1.2.4.'
PACKAGES = (
    ((JPEG + '80', JPEG + '81'), 'pyjpegls', 'jpeg_ls'),
    ((JPEG + '9', JPEG + '20'), 'pylibjpeg pylibjpeg-openjpeg', 'openjpeg'),
    ((JPEG + '5', JPEG + '6', JPEG + '7'), 'python-gdcm', 'gdcm'),
)
SCALE = ('RescaleSlope', 'RescaleIntercept')


class DicomSlice(NamedTuple):
    """A slice of a DICOM file.

    Attributes:
        values (np.ndarray): (h, w) Hounsfield units, or uint8 grey levels of
            a file of eight bits without scale.
        inverted (bool): Whether low values are to be shown bright
            (MONOCHROME1).
        doubts (list[str]): Why the values may be no Hounsfield units.
    """
    values: np.ndarray
    inverted: bool
    doubts: List[str]


class Rescale(NamedTuple):
    """How stored values become Hounsfield units: ``slope * v + intercept``.

    Attributes:
        slope (float): RescaleSlope.
        intercept (float): RescaleIntercept.
    """
    slope: float
    intercept: float


def import_pydicom(path: str) -> ModuleType:
    """pydicom, or an ImportError that names the file."""
    try:
        import pydicom
    except ImportError as error:
        raise ImportError(
            f'{path} needs pydicom: pip install pydicom, or '
            'pip install -r requirements/ct.txt') from error
    return pydicom


def open_dicom(path: str, pixels: bool = True) -> Any:
    """Read a DICOM file, with or without the preamble of the standard.

    Args:
        path (str): The file.
        pixels (bool): Whether the pixels are wanted too.

    Returns:
        pydicom.FileDataset: One that has pixels.

    Raises:
        ImportError: If pydicom is missing.
        SliceError: If it is no DICOM file or has no image.
    """
    pydicom = import_pydicom(path)
    try:
        # Files without preamble are read too; what else is read as if it
        # were DICOM has no size.
        data = pydicom.dcmread(
            path, stop_before_pixels=not pixels, force=True)
        size = [data.get(key) for key in ('Rows', 'Columns')]
    except Exception as error:
        raise _broken(path, error) from error
    if not all(isinstance(v, int) and v > 0 for v in size):
        raise SliceError(
            f'{path}: is no DICOM image, for it has no Rows and Columns '
            '(a DICOMDIR, a report or another format?). Take it out of the '
            'split.')
    if pixels and not hasattr(data.file_meta, 'TransferSyntaxUID'):
        implicit, little = data.original_encoding
        data.file_meta.TransferSyntaxUID = (
            pydicom.uid.ExplicitVRBigEndian if not little else
            pydicom.uid.ImplicitVRLittleEndian if implicit else
            pydicom.uid.ExplicitVRLittleEndian)
    return data


def read_dicom(path: str, offset: Optional[float] = None) -> DicomSlice:
    """Read a DICOM file of one grey slice.

    Args:
        path (str): The file.
        offset (float, optional): What to add to values of unknown scale to
            get Hounsfield units.

    Returns:
        DicomSlice: Its values, and what is doubtful about them.

    Raises:
        ImportError: If pydicom is missing, or the package that unpacks the
            pixels.
        SliceError: If the file holds no single grey slice, is damaged, or
            does not tell its scale and ``offset`` is None.
    """
    data = open_dicom(path)
    inverted, doubts, scale = check_header(data, path, offset)
    pixels = _pixels(data, path)
    if scale is not None:
        values = pixels * scale.slope + scale.intercept
    elif data.get('ModalityLUTSequence'):
        values = _apply_lut(data, pixels, path)
    else:
        values, doubts = pixels.astype(np.uint8), []
    return DicomSlice(values, inverted, doubts)


def check_header(data: Any, path: str, offset: Optional[float] = None
                 ) -> Tuple[bool, List[str], Optional[Rescale]]:
    """What a header says of the values, if they can be told.

    Args:
        data (pydicom.Dataset): A file's, of which the header is enough.
        path (str): The file, for messages.
        offset (float, optional): See :func:`read_dicom`.

    Returns:
        tuple: Whether low values are to be shown bright; why the values may
        be no Hounsfield units; and the scale, None with a table in its place
        and for grey levels of eight bits.

    Raises:
        SliceError: If it is no single grey slice or the scale is unknown.
    """
    inverted, doubts = check_grey(data, path), doubts_of(data)
    if data.get('ModalityLUTSequence'):
        kind = _lut_type(data, path)
        if kind != 'HU':
            raise SliceError(
                f'{path}: has a ModalityLUTSequence to values of type '
                f'{kind or "unknown"}, which are no Hounsfield units (HU). '
                'Save it with RescaleSlope and RescaleIntercept.')
        return inverted, doubts, None
    slope, intercept = (_number(data, key, path) for key in SCALE)
    missing = [key for key, value in zip(SCALE, (slope, intercept))
               if value is None]
    if not missing:
        return inverted, doubts, Rescale(slope, intercept)
    bits = _whole(data, 'BitsStored', path)
    if offset is None and bits <= 8 and not data.get('PixelRepresentation'):
        # Been through a window already, as a picture of eight bits.
        return inverted, doubts, None
    if offset is None and not doubts:
        raise SliceError(
            f'{path}: has no value in {" and ".join(missing)}, so the scale '
            f'of its values is unknown. {OFFSET_REMEDY}.')
    return inverted, doubts, Rescale(
        1. if slope is None else slope,
        float(offset or 0) if intercept is None else intercept)


def check_dicom(path: str, offset: Optional[float] = None) -> None:
    """:func:`check_header` of a file, whose pixels are not read."""
    check_header(open_dicom(path, pixels=False), path, offset)


def check_grey(data: Any, path: str) -> bool:
    """Refuse what is not one slice of grey values.

    Args:
        data (pydicom.Dataset): A file's, of which the header is enough.
        path (str): The file, for messages.

    Returns:
        bool: Whether low values are to be shown bright (MONOCHROME1).

    Raises:
        SliceError: If it has colours, several frames, or does not tell.
    """
    kind = str(data.get('PhotometricInterpretation') or '')
    if kind not in ('MONOCHROME1', 'MONOCHROME2'):
        raise SliceError(
            f'{path}: has PhotometricInterpretation {kind or "without value"}'
            ', not MONOCHROME1 or MONOCHROME2, so its values are colours and '
            'no Hounsfield units. Save it as a PNG, or take it out of the '
            'split.')
    if _whole(data, 'BitsAllocated', path) == 1:
        raise SliceError(
            f'{path}: has one bit, so it is a mask and no slice. Take it out '
            'of the split.')
    frames = _whole(data, 'NumberOfFrames', path)
    if frames > 1 or _whole(data, 'SamplesPerPixel', path) > 1:
        raise SliceError(
            f'{path}: is not one grey slice but has {frames} frames of '
            f'{data.get("SamplesPerPixel")} channels; split it into slices '
            'first')
    return kind == 'MONOCHROME1'


def dicom_size(path: str) -> Tuple[int, int]:
    """Width and height of a DICOM image, from its header alone.

    Args:
        path (str): The file.

    Returns:
        tuple[int, int]: Width and height in pixels.

    Raises:
        ImportError: If pydicom is missing.
        SliceError: If it is no single grey slice.
    """
    data = open_dicom(path, pixels=False)
    check_grey(data, path)
    return data.Columns, data.Rows


def doubts_of(data: Any) -> List[str]:
    """Why a file's values may be no Hounsfield units.

    Args:
        data (pydicom.Dataset): A file's, of which the header is enough.

    Returns:
        list[str]: The reasons; empty for a CT.
    """
    doubts = []
    modality = str(data.get('Modality') or '')
    if modality not in ('', 'CT'):
        doubts.append(f'is of modality {modality}, not CT')
    kind = str(_transformation(data, 'RescaleType') or 'HU')
    if kind != 'HU':
        doubts.append(f'has RescaleType {kind}, not HU')
    return doubts


def _transformation(data: Any, key: str) -> Any:
    """A tag of the scale, which files of the enhanced kind keep deeper."""
    if key in data:
        return data[key].value
    for groups in ('PerFrameFunctionalGroupsSequence',
                   'SharedFunctionalGroupsSequence'):
        for group in (data.get(groups) or [])[:1]:
            for each in group.get('PixelValueTransformationSequence') or []:
                if key in each:
                    return each[key].value
    return None


def _number(data: Any, key: str, path: str) -> Optional[float]:
    """A tag of the scale; None if it is absent or without value."""
    try:
        value = _transformation(data, key)
        number = None if value in (None, '') else float(value)
    except Exception as error:
        raise SliceError(
            f'{path}: {key} is not one number ({error}). Correct the tag, or '
            'take the file out of the split.') from error
    if number is not None and (not math.isfinite(number) or (
            key == 'RescaleSlope' and number == 0)):
        raise SliceError(
            f'{path}: {key} is {number}, with which no value can be told. '
            'Correct the tag, or take the file out of the split.')
    return number


def _lut_type(data: Any, path: str) -> str:
    try:
        return str(data.ModalityLUTSequence[0].get('ModalityLUTType') or '')
    except Exception as error:
        raise _broken(path, error) from error


def _apply_lut(data: Any, pixels: np.ndarray, path: str) -> np.ndarray:
    """Values through the table in place of slope and intercept."""
    from pydicom.pixels import apply_modality_lut
    try:
        return np.asarray(apply_modality_lut(pixels, data), np.float64)
    except Exception as error:
        raise _broken(path, error) from error


def _pixels(data: Any, path: str) -> np.ndarray:
    try:
        pixels = data.pixel_array
    except Exception as error:
        syntax = data.file_meta.get('TransferSyntaxUID') or ''
        packages = next((
            names for starts, names, module in PACKAGES
            if syntax.startswith(starts) and not find_spec(module)), None)
        if packages:
            raise ImportError(
                f'{path}: its pixels are compressed ({syntax.name}), which '
                f'needs further packages: pip install {packages}, or '
                'pip install -r requirements/ct.txt') from error
        raise _broken(path, error) from error
    if pixels.ndim != 2:
        raise SliceError(
            f'{path}: is not one grey slice but an array of shape '
            f'{pixels.shape}; split it into slices first')
    return pixels


def _whole(data: Any, key: str, path: str) -> int:
    """A tag that is a whole number, 1 without value."""
    try:
        return int(data.get(key) or 1)
    except (TypeError, ValueError) as error:
        raise SliceError(
            f'{path}: {key} is {data.get(key)!r}, no whole number. Correct '
            'the tag, or take the file out of the split.') from error


def _broken(path: str, error: Exception) -> SliceError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return SliceError(
        f'{path}: cannot be read as a DICOM slice ({reason}). Is it cut '
        'short? Replace it, or take it out of the split.')
