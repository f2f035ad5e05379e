"""CT slices of any kind as eight-bit images, through a window."""
import os.path as osp
import warnings
from typing import Optional, Set

import mmcv
import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS
from PIL import Image

from mmextra.utils.checks import check_choice

from ..bad_input import OnError
from ..ct_files import (
    DICOM,
    NIFTI,
    SliceError,
    check_dicom,
    check_volume,
    is_dicom,
    is_volume,
    read_dicom,
    read_nifti,
    slice_file,
    slice_size,
)
from ..ct_files.paths import OFFSET_REMEDY
from ..image_files import image_depth

__all__ = [
    'DICOM', 'NIFTI', 'LoadCTSlice', 'hu_window', 'read_dicom', 'read_nifti',
    'slice_size'
]


def hu_window(hu: np.ndarray, width: float = 1500.,
              level: float = -600.) -> np.ndarray:
    """Map Hounsfield units to grey levels through a window.

    Args:
        hu (np.ndarray): Hounsfield units, any shape.
        width (float): Width of the window.
        level (float): Its middle; 1500 and -600 show the lungs.

    Returns:
        np.ndarray: uint8 of the same shape, 0 at and under the window's
        lower end, 255 at and over its upper end, rounded down. What is no
        number, as outside of some reconstructions, is 0.
    """
    low = level - width / 2
    grey = np.clip((np.asarray(hu, np.float64) - low) * 255 / width, 0, 255)
    if np.asarray(hu).dtype.kind == 'f' and np.isnan(grey).any():
        grey = np.nan_to_num(grey)
    return grey.astype(np.uint8)


@TRANSFORMS.register_module()
class LoadCTSlice(BaseTransform):
    """Load a DICOM file, a slice of a NIfTI volume, or an image.

    Takes the place of ``LoadImageFromFile``. Hounsfield units become grey
    levels through a window; images, volumes and DICOM files of eight bits
    without a scale, which have been through one already, are loaded as they
    are, colours of images kept. Values that may be no Hounsfield units, of
    an MR for one, are told once. Not in the paper, whose images are of
    eight bits. Research only, not a medical device.

    Args:
        window_width (float): Width of the window in Hounsfield units.
        window_level (float): Its middle.
        offset (float, optional): What to add to values of unknown scale to
            get Hounsfield units, for example -1024: those of an image of
            more than eight bits, of a DICOM file without RescaleSlope or
            RescaleIntercept, and unsigned ones of a volume without scale.
            Without it they are an error.
        to_rgb (bool): Three equal channels, as all further transforms and
            the backbones expect; else one.
        on_error (str): ``'raise'``, or ``'skip'`` to return None for a slice
            that cannot be read, so that the data set takes another in its
            place. Every such file is told once per process, with their
            number so far. For training only: a data set in test mode
            refuses None.

    Raises:
        ValueError: If ``window_width`` is not positive or ``on_error``
            unknown.
    """

    def __init__(self,
                 window_width: float = 1500.,
                 window_level: float = -600.,
                 offset: Optional[float] = None,
                 to_rgb: bool = True,
                 on_error: OnError = 'raise') -> None:
        if window_width <= 0:
            raise ValueError(
                f'window_width must be positive, got {window_width}')
        self.window_width = window_width
        self.window_level = window_level
        self.offset = offset
        self.to_rgb = to_rgb
        self.on_error = check_choice('on_error', on_error, OnError)
        self.skipped: Set[str] = set()
        self.told: Set[str] = set()

    def _read_image(self, path: str) -> np.ndarray:
        """An image file: Hounsfield units, or uint8 if it has eight bits."""
        try:
            mode, bits = image_depth(path)
            deep = mode[0] in 'IF'
            with Image.open(path) as image:
                pages = 1 if image.format != 'TIFF' else image.n_frames
                pixels = np.asarray(image) if deep else None
        # Pillow tells broken files by errors of any kind, and too large ones.
        except Exception as error:
            raise SliceError(
                f'{path}: cannot be read as an image ({error}). A DICOM file '
                f'needs one of the extensions {", ".join(DICOM)} or its '
                f'preamble, a volume one of {", ".join(NIFTI)}.') from error
        if pages > 1:
            raise SliceError(
                f'{path}: has {pages} pages, of which only the first would '
                'be read. Save each as an image.')
        if not deep and bits > 8:
            raise SliceError(
                f'{path}: has {bits} bits and several channels (mode {mode}), '
                'which no window is for. Save it as one channel of 16 bits, '
                'or in eight bits.')
        if not deep:
            return self._decode(path)
        if self.offset is None:
            raise SliceError(
                f'{path}: has more than eight bits (mode {mode}), of unknown '
                f'scale. {OFFSET_REMEDY}.')
        return pixels + float(self.offset)

    def _decode(self, path: str) -> np.ndarray:
        flag = 'color' if self.to_rgb else 'grayscale'
        try:
            pixels = mmcv.imread(path, flag=flag)
        # OpenCV has limits of its own.
        except Exception as error:
            raise SliceError(
                f'{path}: cannot be decoded ({error})') from error
        if pixels is None:
            raise SliceError(
                f'{path}: cannot be decoded as an image. Is it cut short? '
                'Replace it, or take it out of the split.')
        return pixels

    def _tell(self, path: str, doubts: list) -> None:
        for doubt in doubts:
            if doubt not in self.told:
                self.told.add(doubt)
                warnings.warn(
                    f'{path}: {doubt}, so its values may be no Hounsfield '
                    f'units; the window of {self.window_width:g} around '
                    f'{self.window_level:g} is applied to them all the same. '
                    'Told once.', stacklevel=3)

    def transform(self, results: dict) -> Optional[dict]:
        """Load the slice of ``results['img_path']``.

        Args:
            results (dict): Needs ``img_path``.

        Returns:
            dict or None: With ``img`` (h, w, 3) or (h, w) uint8,
            ``img_shape`` and ``ori_shape``; None for a bad slice that is
            skipped.

        Raises:
            FileNotFoundError: If there is no such file.
            SliceError: If it cannot be read as a slice.
            ImportError: If the package for its format is missing.
        """
        path = results['img_path']
        try:
            image = self.read(path)
        except (SliceError, FileNotFoundError) as error:
            if self.on_error == 'raise':
                raise
            if path not in self.skipped:
                self.skipped.add(path)
                warnings.warn(
                    f'skipped {len(self.skipped)} unreadable slice(s) so far '
                    f'in this process; now {error}', stacklevel=2)
            return None
        results['img'] = np.ascontiguousarray(image)
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results

    def check(self, path: str) -> None:
        """Raise what :meth:`read` would, as far as the header of a DICOM
        file or of a volume tells; nothing else is looked at."""
        if is_volume(path):
            check_volume(path, self.offset)
        elif path.lower().endswith(DICOM):
            check_dicom(path, self.offset)

    def read(self, path: str) -> np.ndarray:
        """Read a slice, whatever ``on_error`` says; see :meth:`transform`.

        Args:
            path (str): An image, a DICOM file, or a slice of a volume,
                ``volume.nii.gz#12``.

        Returns:
            np.ndarray: (h, w, 3) or (h, w) uint8.
        """
        file = slice_file(path)
        if not osp.isfile(file):
            raise FileNotFoundError(
                f'{file}: no such file. Correct data_root, data_prefix or '
                'the list.')
        inverted = False
        if is_volume(path):
            image = read_nifti(path, self.offset)
        elif is_dicom(path):
            image, inverted, doubts = read_dicom(path, self.offset)
            self._tell(path, doubts)
        else:
            image = self._read_image(path)
        if image.dtype != np.uint8:
            image = hu_window(image, self.window_width, self.window_level)
        # As DICOM has it: after the window.
        image = 255 - image if inverted else image
        if self.to_rgb and image.ndim == 2:
            image = np.repeat(image[..., None], 3, axis=2)
        return image
