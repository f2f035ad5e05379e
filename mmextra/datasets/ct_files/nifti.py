"""Slices of NIfTI volumes."""
import os
from collections import OrderedDict
from types import ModuleType
from typing import Any, List, NamedTuple, Optional, Tuple

import numpy as np

from .paths import OFFSET_REMEDY, SliceError, split_slice

# Of decoded volumes, in a process. The last one is kept whatever its size.
CACHE_BYTES = 1 << 29


class VolumeCache:
    """The decoded volumes that were used last.

    A compressed volume has to be unpacked up to the slice that is wanted,
    so an epoch that unpacks it for every slice costs the square of their
    number.

    Args:
        max_bytes (int): What all together may take; the last one is kept in
            any case.
    """

    def __init__(self, max_bytes: int = CACHE_BYTES) -> None:
        self.max_bytes = max_bytes
        self.volumes: OrderedDict[tuple, np.ndarray] = OrderedDict()

    def get(self, path: str, proxy: Any) -> np.ndarray:
        """The stored values of a volume, in the order of the file.

        Args:
            path (str): The file; another one of that name is read anew.
            proxy (nibabel.arrayproxy.ArrayProxy): Its values.

        Returns:
            np.ndarray: Unscaled, of the type that the file has.
        """
        state = os.stat(path)
        key = (os.path.abspath(path), state.st_mtime_ns, state.st_size)
        if key not in self.volumes:
            # Room first, so that no more is held than is allowed.
            self._shrink(int(np.prod(proxy.shape)) * proxy.dtype.itemsize)
            self.volumes[key] = np.asarray(proxy.get_unscaled())
        self.volumes.move_to_end(key)
        return self.volumes[key]

    def _shrink(self, wanted: int) -> None:
        held = sum(each.nbytes for each in self.volumes.values())
        while self.volumes and held + wanted > self.max_bytes:
            held -= self.volumes.popitem(last=False)[1].nbytes


CACHE = VolumeCache()


class Volume(NamedTuple):
    """A volume whose values are not read yet.

    Attributes:
        image (Any): Of nibabel.
        number (int): The slice that is wanted, counted upwards from the
            feet.
        axes (list[int]): Which axis of the file runs to the patient's
            right, to the front and upwards.
        flips (list[bool]): Whether each of these runs the other way.
        shape (list[int]): Number of values along each of these.
    """
    image: Any
    number: int
    axes: List[int]
    flips: List[bool]
    shape: List[int]


def import_nibabel(path: str) -> ModuleType:
    """nibabel, or an ImportError that names the file."""
    try:
        import nibabel
    except ImportError as error:
        raise ImportError(
            f'{path} needs nibabel: pip install nibabel, or '
            'pip install -r requirements/ct.txt') from error
    return nibabel


def open_volume(path: str) -> Volume:
    """Read the header of a volume.

    Args:
        path (str): File and number of the slice, ``volume.nii.gz#12``.

    Returns:
        Volume: Without its values.

    Raises:
        ImportError: If nibabel is missing.
        SliceError: If the file cannot be read, the number of the slice is
            missing or beyond the volume, or the volume not
            three-dimensional.
    """
    file, number = split_slice(path)
    if not number or not number.isdigit():
        raise SliceError(
            f'{path}: a volume needs the number of its slice, for example '
            f'{file}#12')
    nibabel = import_nibabel(file)
    try:
        image = nibabel.load(file)
        orientation = nibabel.io_orientation(image.affine)
        stored = list(image.shape)
    except Exception as error:
        raise _broken(file, error) from error
    # ITK and others write one value for time and channel.
    while len(stored) > 3 and stored[-1] == 1:
        stored.pop()
    if len(stored) != 3 or np.isnan(orientation).any():
        raise SliceError(
            f'{file}: has shape {tuple(image.shape)}, but one volume of three '
            'axes is wanted; split it into volumes first')
    # Which axis each of the file's becomes.
    axes = np.argsort(orientation[:, 0]).tolist()
    shape = [stored[axis] for axis in axes]
    if int(number) >= shape[2]:
        raise SliceError(
            f'{file}: has no slice {number}, but {shape[2]}, counted from 0')
    flips = [bool(orientation[axis, 1] < 0) for axis in axes]
    return Volume(image, int(number), axes, flips, shape)


def read_nifti(path: str, offset: Optional[float] = None) -> np.ndarray:
    """Read an axial slice of a volume.

    The slice is shown as radiologists look at it: anterior up, the
    patient's right on the left. Of an unpacked volume nothing else is read;
    one that is packed is unpacked once, see :class:`VolumeCache`.

    Args:
        path (str): File and number of the slice, ``volume.nii.gz#12``, in
            canonical orientation, counted from the feet.
        offset (float, optional): What to add to unsigned values without a
            scale to get Hounsfield units.

    Returns:
        np.ndarray: Hounsfield units (h, w), or uint8 as it is.

    Raises:
        ImportError: If nibabel is missing.
        SliceError: If the file is damaged, or no slice of Hounsfield units;
            see also :func:`open_volume`.
    """
    volume = open_volume(path)
    file, proxy = split_slice(path)[0], volume.image.dataobj
    unscaled = check_values(proxy, file, offset)
    plane = _plane(volume, file)
    if not unscaled:
        plane = plane * float(proxy.slope) + float(proxy.inter)
    elif _unsigned(proxy):
        plane = plane + float(offset)
    return plane


def check_values(proxy: Any, file: str, offset: Optional[float]) -> bool:
    """Refuse a volume whose values cannot be Hounsfield units.

    Args:
        proxy (nibabel.arrayproxy.ArrayProxy): Its values.
        file (str): The file, for messages.
        offset (float, optional): See :func:`read_nifti`.

    Returns:
        bool: Whether the values stand as they are, without a scale.

    Raises:
        SliceError: If they are colours, or unsigned without a scale.
    """
    if proxy.dtype.kind not in 'iuf':
        raise SliceError(
            f'{file}: has values of type {proxy.dtype}, not one number each; '
            'a volume of colours cannot be read')
    unscaled = (proxy.slope, proxy.inter) == (1, 0)
    if unscaled and _unsigned(proxy) and offset is None:
        raise SliceError(
            f'{file}: has unsigned values of {8 * proxy.dtype.itemsize} bits '
            'and no scale, which are no Hounsfield units, for those of air '
            f'are negative. {OFFSET_REMEDY}.')
    return unscaled


def check_volume(path: str, offset: Optional[float] = None) -> None:
    """Check a slice as :func:`read_nifti` does, by the header alone."""
    check_values(open_volume(path).image.dataobj, split_slice(path)[0],
                 offset)


def _unsigned(proxy: Any) -> bool:
    return proxy.dtype.kind == 'u' and proxy.dtype.itemsize > 1


def _plane(volume: Volume, file: str) -> np.ndarray:
    """The stored values of a slice, turned to the viewer."""
    third, proxy = volume.axes[2], volume.image.dataobj
    number = volume.number
    if volume.flips[2]:
        number = volume.shape[2] - 1 - number
    where = [slice(None)] * 3 + [0] * (len(proxy.shape) - 3)
    where[third] = number
    try:
        if file.lower().endswith('.gz'):
            plane = CACHE.get(file, proxy)[tuple(where)]
        else:
            # The proxy would scale what it slices.
            raw = type(proxy)(file, (
                proxy.shape, proxy.dtype, proxy.offset, 1, 0))
            plane = np.asarray(raw[tuple(where)])
    except Exception as error:
        raise _broken(file, error) from error
    first, second = (axis for axis in range(3) if axis != third)
    if (first, second) != tuple(volume.axes[:2]):
        plane = plane.T
    # Now (right, front); the picture is (downwards, to the patient's left).
    for axis in range(2):
        if not volume.flips[axis]:
            plane = np.flip(plane, axis)
    return plane.T


def nifti_size(path: str) -> Tuple[int, int]:
    """Width and height of a slice in pixels; see :func:`open_volume`."""
    width, height, _ = open_volume(path).shape
    return width, height


def _broken(file: str, error: Exception) -> SliceError:
    reason = str(error).strip() or type(error).__name__
    return SliceError(
        f'{file}: cannot be read as a NIfTI volume ({reason}). Is it cut '
        'short? Replace it, or take it out of the split.')
