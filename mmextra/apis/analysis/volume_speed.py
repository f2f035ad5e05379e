"""What an epoch over the slices of packed volumes costs.

Research only, not a medical device.
"""
import tempfile
from pathlib import Path
from typing import Tuple
from unittest import mock

import numpy as np

from mmextra.datasets.ct_files.nifti import CACHE, import_nibabel
from mmextra.datasets.transforms import LoadCTSlice
from mmextra.evaluation.speed import time_call


def write_volume(path: Path, slices: int, side: int) -> None:
    """A synthetic volume of smooth Hounsfield units with noise.

    Args:
        path (Path): Where to, ``.nii`` or ``.nii.gz``.
        slices (int): Number of its axial slices.
        side (int): Of these, in pixels.
    """
    nibabel = import_nibabel(str(path))
    rng = np.random.default_rng(0)
    ramp = np.linspace(-900, 100, side)
    values = ramp[:, None, None] + rng.normal(0, 20, (side, side, slices))
    nibabel.save(nibabel.Nifti1Image(values.astype(np.int16), np.eye(4)),
                 path)


def _epoch(path: Path, order: np.ndarray) -> Tuple[float, int]:
    """Seconds of all slices in that order, and how often the whole volume
    was unpacked."""
    load = LoadCTSlice()
    kind = import_nibabel(str(path)).arrayproxy.ArrayProxy
    with mock.patch.object(kind, 'get_unscaled', autospec=True,
                           side_effect=kind.get_unscaled) as unpack:
        seconds = time_call(lambda: [
            load(dict(img_path=f'{path}#{number}')) for number in order])
    return seconds['cpu'], unpack.call_count


def volume_speed(slices: int, side: int) -> dict:
    """One shuffled epoch over the slices of a volume, packed and not.

    Args:
        slices (int): Number of its axial slices.
        side (int): Of these, in pixels.

    Returns:
        dict: ``slices``, ``packed_s`` and ``unpacked_s`` of processor time,
        ``unpackings`` of the packed volume, and ``one_s``, what one of them
        takes.
    """
    order = np.random.default_rng(1).permutation(slices)
    with tempfile.TemporaryDirectory() as folder:
        packed, plain = (Path(folder) / f'scan{end}'
                         for end in ('.nii.gz', '.nii'))
        for path in (packed, plain):
            write_volume(path, slices, side)
        packed_s, unpackings = _epoch(packed, order)
        CACHE.volumes.clear()
        one_s, _ = _epoch(packed, order[:1])
        CACHE.volumes.clear()
        plain_s, _ = _epoch(plain, order)
    return dict(slices=slices, packed_s=packed_s, unpackings=unpackings,
                one_s=one_s, unpacked_s=plain_s)
