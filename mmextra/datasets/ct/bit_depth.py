"""Refuse slices that the stock loader cannot read or would cut."""
import warnings
from typing import Any, Optional

from mmcv.transforms import LoadImageFromFile

from ..bad_input import AnnotationError, BadInput
from ..ct_files import SliceError, is_dicom, is_volume
from ..image_files import image_depth
from ..transforms.load_ct_slice import LoadCTSlice

EIGHT_BITS = ('1', 'L', 'LA', 'P', 'PA', 'RGB', 'RGBA', 'CMYK', 'YCbCr')


class BitDepthMixin:
    """For a data set: what is no image of eight bits is told by name.

    ``LoadImageFromFile`` silently keeps the upper eight bits of an image of
    sixteen, which is no window that anybody chose. With ``LoadCTSlice`` in
    the pipeline nothing is checked, for it reads such images itself; what it
    cannot read is left out of training with ``on_error='skip'``.
    """

    bad: BadInput

    @property
    def slice_loader(self) -> Optional[LoadCTSlice]:
        """The pipeline's, if that is its first loader."""
        loaders = [step for step in self.pipeline.transforms
                   if isinstance(step, (LoadCTSlice, LoadImageFromFile))]
        return loaders[0] if loaders and isinstance(
            loaders[0], LoadCTSlice) else None

    def prepare_data(self, idx: int) -> Any:
        """Check the image, then run the pipeline on it.

        Args:
            idx (int): Number of the image.

        Returns:
            Any: What the pipeline gives; None for a bad slice that is
            skipped, so that training takes another.

        Raises:
            AnnotationError: If the image has more than eight bits, or is a
                DICOM file or a volume, without ``LoadCTSlice``.
            SliceError: If ``LoadCTSlice`` cannot read it, unless it is
                skipped; in test mode nothing can take its place.
        """
        if self.slice_loader is None:
            if any(isinstance(step, LoadImageFromFile)
                   for step in self.pipeline.transforms):
                check_bit_depth(self.get_data_info(idx)['img_path'])
            return super().prepare_data(idx)
        try:
            return super().prepare_data(idx)
        except SliceError as error:
            if self.test_mode or self.bad.on_error == 'raise':
                raise
            warnings.warn(
                f'{error} (skipped, on_error="skip")', stacklevel=2)
            return None

    def check_slice(self, path: str) -> None:
        """With ``on_error='skip'``, find at loading what ``LoadCTSlice``
        could not read, as far as headers tell.

        Raises:
            SliceError: If it could not.
        """
        if self.bad.on_error == 'skip' and self.slice_loader:
            self.slice_loader.check(path)


def check_bit_depth(path: str) -> None:
    """Raise if a slice is no image of eight bits.

    Args:
        path (str): The file; one that cannot be opened is left to the
            pipeline.

    Raises:
        AnnotationError: If it has more, or is a DICOM file or a volume.
    """
    if is_volume(path) or is_dicom(path):
        raise AnnotationError(
            path, 'is a DICOM file or a volume, which LoadImageFromFile '
            'cannot read', 'Load it with dict(type="LoadCTSlice")')
    try:
        mode, bits = image_depth(path)
    except (OSError, SyntaxError):
        return
    if mode not in EIGHT_BITS or bits > 8:
        raise AnnotationError(
            path, f'has more than eight bits (mode {mode}), of which '
            'LoadImageFromFile would keep the upper eight',
            'Load it with dict(type="LoadCTSlice", offset=...), which applies '
            'a CT window to an image of one channel; save one of several as '
            'one, or in eight bits')
