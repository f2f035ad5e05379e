"""Refuse slices that the stock loader cannot read or would cut."""
from typing import Any

from mmcv.transforms import LoadImageFromFile

from ..bad_input import AnnotationError
from ..image_files import image_depth
from ..transforms.load_ct_slice import DICOM, NIFTI, LoadCTSlice

EIGHT_BITS = ('1', 'L', 'LA', 'P', 'PA', 'RGB', 'RGBA', 'CMYK', 'YCbCr')


class BitDepthMixin:
    """For a data set: what is no image of eight bits is told by name.

    ``LoadImageFromFile`` silently keeps the upper eight bits of an image of
    sixteen, which is no window that anybody chose. With ``LoadCTSlice`` in
    the pipeline nothing is checked, for it reads such images itself.
    """

    def prepare_data(self, idx: int) -> Any:
        """Check the image, then run the pipeline on it.

        Args:
            idx (int): Number of the image.

        Returns:
            Any: What the pipeline gives.

        Raises:
            AnnotationError: If the image has more than eight bits, or is a
                DICOM file or a volume, without ``LoadCTSlice``.
        """
        loaders = [step for step in self.pipeline.transforms
                   if isinstance(step, (LoadCTSlice, LoadImageFromFile))]
        if loaders and not isinstance(loaders[0], LoadCTSlice):
            check_bit_depth(self.get_data_info(idx)['img_path'])
        return super().prepare_data(idx)


def check_bit_depth(path: str) -> None:
    """Raise if a slice is no image of eight bits.

    Args:
        path (str): The file; one that cannot be opened is left to the
            pipeline.

    Raises:
        AnnotationError: If it has more, or is a DICOM file or a volume.
    """
    if path.partition('#')[0].lower().endswith(DICOM + NIFTI):
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
