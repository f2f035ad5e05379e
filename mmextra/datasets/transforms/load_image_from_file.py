"""The stock loader of images, under its own name, without silent losses."""
from typing import Optional

from mmcv.transforms import LoadImageFromFile as StockLoader

from mmextra.utils.registry import host_registries

from ..bad_input import AnnotationError
from ..image_files import check_loadable


def keeps_eight_bits(loader: StockLoader) -> bool:
    """Whether a loader makes eight bits of any image."""
    return (loader.color_type != 'unchanged' and
            loader.imdecode_backend != 'tifffile')


class LoadImageFromFile(StockLoader):
    """:class:`mmcv.transforms.LoadImageFromFile`, but a file that it cannot
    read is named, and what it would spoil is refused, see
    :func:`~..image_files.check_loadable`.

    It stands in the registries of both hosts under the name of the stock
    class: configs, ``inference_detector`` and ``DetInferencer`` ask for that
    name, and the latter would not find another. With
    ``color_type='unchanged'`` images of any depth are loaded.
    """

    def transform(self, results: dict) -> Optional[dict]:
        """Load the image of ``results['img_path']``.

        Args:
            results (dict): Needs ``img_path``.

        Returns:
            dict or None: With ``img``, ``img_shape`` and ``ori_shape``; None
            for a missing file with ``ignore_empty=True``.

        Raises:
            FileNotFoundError: If the file is missing.
            ValueError: If it cannot be decoded.
            AnnotationError: If the image has more than eight bits or four
                channels, or more pixels than OpenCV decodes.
        """
        path = results['img_path']
        try:
            if keeps_eight_bits(self):
                check_loadable(path)
            return super().transform(results)
        except AnnotationError:
            raise
        # The decoders raise errors of many kinds, cv2.error among them.
        except Exception as error:
            kind = (FileNotFoundError if isinstance(error, FileNotFoundError)
                    else ValueError)
            raise kind(
                f'{path}: cannot be read as an image ({reason_of(error)}). '
                'Replace it, take it out of the split, or in training use '
                'dict(type="LoadImageOrSkip", on_error="skip").') from error


def reason_of(error: BaseException) -> str:
    """The text of an error, or its kind if it has none."""
    return str(error).strip() or type(error).__name__


for _host in host_registries('TRANSFORMS'):
    _host.register_module(module=LoadImageFromFile, force=True)
