"""CT slices of any kind as eight-bit images, through a window."""
import os.path as osp
from types import ModuleType
from typing import Any, List, Optional, Tuple

import mmcv
import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS
from PIL import Image, UnidentifiedImageError

from ..image_files import image_depth, image_size

NIFTI = ('.nii', '.nii.gz')
DICOM = ('.dcm', '.dicom', '.ima')


def hu_window(hu: np.ndarray, width: float = 1500.,
              level: float = -600.) -> np.ndarray:
    """Map Hounsfield units to grey levels through a window.

    Args:
        hu (np.ndarray): Hounsfield units, any shape.
        width (float): Width of the window.
        level (float): Its middle; 1500 and -600 show the lungs.

    Returns:
        np.ndarray: uint8 of the same shape, 0 at and under the window's
        lower end, 255 at and over its upper end, rounded down.
    """
    low = level - width / 2
    grey = (np.asarray(hu, np.float64) - low) * 255 / width
    return np.clip(grey, 0, 255).astype(np.uint8)


def read_dicom(path: str) -> Tuple[np.ndarray, bool]:
    """Read a DICOM file of one slice.

    Args:
        path (str): The file.

    Returns:
        tuple: Hounsfield units (h, w), and whether the file asks to be shown
        with low values bright (MONOCHROME1).

    Raises:
        ImportError: If pydicom is missing.
        ValueError: If the file holds no single grey slice.
    """
    try:
        import pydicom
    except ImportError as error:
        raise _extra('pydicom', path) from error
    data = pydicom.dcmread(path)
    pixels = data.pixel_array
    if pixels.ndim != 2:
        raise ValueError(
            f'{path}: is not one grey slice but an array of shape '
            f'{pixels.shape}; split it into slices first')
    slope = float(getattr(data, 'RescaleSlope', 1))
    hu = pixels * slope + float(getattr(data, 'RescaleIntercept', 0))
    return hu, data.PhotometricInterpretation == 'MONOCHROME1'


def read_nifti(path: str) -> np.ndarray:
    """Read an axial slice of a volume.

    The volume is brought to canonical orientation (right, anterior,
    superior) and shown as radiologists look at it: anterior up, the
    patient's right on the left.

    Args:
        path (str): File and number of the slice, ``volume.nii.gz#12``.

    Returns:
        np.ndarray: Hounsfield units (h, w).

    Raises:
        ImportError: If nibabel is missing.
        ValueError: If the number of the slice is missing or beyond the
            volume, or the volume not three-dimensional.
    """
    volume, number, _ = _open_volume(path)
    volume = _nibabel(path).as_closest_canonical(volume)
    return np.asarray(volume.dataobj[..., number])[::-1, ::-1].T


def _open_volume(path: str) -> Tuple[Any, int, List[int]]:
    """Of ``volume.nii.gz#12`` the volume without its values, 12, and the
    shape in canonical orientation."""
    path, mark, number = path.partition('#')
    if not mark or not number.isdigit():
        raise ValueError(
            f'{path}: a volume needs the number of its slice, for example '
            f'{path}#12')
    nibabel = _nibabel(path)
    volume = nibabel.load(path)
    shape = list(volume.shape)
    if len(shape) == 3:
        # Which axis each of the file's becomes.
        axes = nibabel.io_orientation(volume.affine)[:, 0]
        shape = [shape[axis] for axis in np.argsort(axes)]
    if len(shape) != 3 or int(number) >= shape[2]:
        raise ValueError(
            f'{path}: has shape {tuple(shape)}, which has no slice {number}')
    return volume, int(number), shape


def _nibabel(path: str) -> ModuleType:
    try:
        import nibabel
    except ImportError as error:
        raise _extra('nibabel', path) from error
    return nibabel


def slice_size(path: str) -> Tuple[int, int]:
    """Width and height of a slice as :class:`LoadCTSlice` gives it.

    Args:
        path (str): An image, a DICOM file, or a slice of a volume,
            ``volume.nii.gz#12``.

    Returns:
        tuple[int, int]: Width and height in pixels, from the header alone.

    Raises:
        ImportError: If the package for its format is missing.
        ValueError: If it cannot be read as a slice.
    """
    name = path.partition('#')[0].lower()
    if not name.endswith(DICOM + NIFTI):
        return image_size(path)
    try:
        if name.endswith(NIFTI):
            width, height, _ = _open_volume(path)[2]
            return width, height
        try:
            import pydicom
        except ImportError as error:
            raise _extra('pydicom', path) from error
        header = pydicom.dcmread(path, stop_before_pixels=True)
        return header.Columns, header.Rows
    except ImportError:
        raise
    # The packages tell broken files by errors of any kind.
    except Exception as error:
        raise ValueError(
            f'{path}: cannot be read as a slice ({error}). Replace it, take '
            'it out of the split, or set on_error="skip".') from error


def _extra(package: str, path: str) -> ImportError:
    return ImportError(
        f'{path} needs {package}: pip install {package}, or '
        'pip install -r requirements/ct.txt')


@TRANSFORMS.register_module()
class LoadCTSlice(BaseTransform):
    """Load a DICOM file, a slice of a NIfTI volume, or an image.

    Takes the place of ``LoadImageFromFile``. Hounsfield units become grey
    levels through a window; images and volumes of eight bits, which have
    been through one already, are loaded as they are, colours kept. Not in
    the paper, whose images are such. Research only, not a medical device.

    Args:
        window_width (float): Width of the window in Hounsfield units.
        window_level (float): Its middle.
        offset (float, optional): What to add to the values of a 16-bit image
            to get Hounsfield units, for example -1024. Without it a 16-bit
            image is an error, for its scale is unknown.
        to_rgb (bool): Three equal channels, as all further transforms and
            the backbones expect; else one.

    Raises:
        ValueError: If ``window_width`` is not positive.
    """

    def __init__(self,
                 window_width: float = 1500.,
                 window_level: float = -600.,
                 offset: Optional[float] = None,
                 to_rgb: bool = True) -> None:
        if window_width <= 0:
            raise ValueError(
                f'window_width must be positive, got {window_width}')
        self.window_width = window_width
        self.window_level = window_level
        self.offset = offset
        self.to_rgb = to_rgb

    def _read_image(self, path: str) -> np.ndarray:
        """An image file: Hounsfield units, or uint8 if it has eight bits."""
        try:
            mode, bits = image_depth(path)
            deep = mode[0] in 'IF'
            with Image.open(path) as image:
                pixels = np.asarray(image) if deep else None
        except (UnidentifiedImageError, SyntaxError) as error:
            raise ValueError(
                f'{path}: cannot be read as an image ({error}). A DICOM file '
                f'needs one of the extensions {", ".join(DICOM)}, a volume '
                f'one of {", ".join(NIFTI)}.') from error
        if not deep and bits > 8:
            raise ValueError(
                f'{path}: has {bits} bits and several channels (mode {mode}), '
                'which no window is for. Save it as one channel of 16 bits, '
                'or in eight bits.')
        if not deep:
            return mmcv.imread(path, flag='color' if self.to_rgb else
                               'grayscale')
        if self.offset is None:
            raise ValueError(
                f'{path}: has 16 bits, of unknown scale. Tell what turns its '
                'values into Hounsfield units: LoadCTSlice(offset=-1024) if '
                '1024 was added to them, offset=0 if nothing was.')
        return pixels + float(self.offset)

    def transform(self, results: dict) -> dict:
        """Load the slice of ``results['img_path']``.

        Args:
            results (dict): Needs ``img_path``.

        Returns:
            dict: With ``img`` (h, w, 3) or (h, w) uint8, ``img_shape`` and
            ``ori_shape``.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it cannot be read as a slice.
            ImportError: If the package for its format is missing.
        """
        path = results['img_path']
        name = path.partition('#')[0]
        if not osp.isfile(name):
            raise FileNotFoundError(
                f'{name}: no such file. Correct data_root, data_prefix or '
                'the list.')
        inverted = False
        if name.lower().endswith(NIFTI):
            image = read_nifti(path)
        elif name.lower().endswith(DICOM):
            image, inverted = read_dicom(path)
        else:
            image = self._read_image(path)
        if image.dtype != np.uint8:
            image = hu_window(image, self.window_width, self.window_level)
            # As DICOM has it: after the window.
            image = 255 - image if inverted else image
        if self.to_rgb and image.ndim == 2:
            image = np.repeat(image[..., None], 3, axis=2)
        results['img'] = np.ascontiguousarray(image)
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results
