import warnings
from typing import Optional, Set

from mmextra.utils import register_in_both
from mmextra.utils.checks import check_choice

from ..bad_input import AnnotationError, OnError
from .load_image_from_file import LoadImageFromFile, reason_of


@register_in_both('TRANSFORMS')
class LoadImageOrSkip(LoadImageFromFile):
    """Load an image; a bad one is named, and can be left out of training.

    Args:
        on_error (str): ``'raise'``, or ``'skip'`` to return None for an
            image that cannot be read, so that the data set takes another
            in its place. Every such file is told once per process, with
            their number so far. For training only: a data set in test mode
            refuses None.
        **kwargs: See :class:`mmcv.transforms.LoadImageFromFile`.

    Raises:
        FileNotFoundError: If the file is missing and ``on_error='raise'``.
        ValueError: If it cannot be decoded and ``on_error='raise'``, or if
            ``on_error`` is unknown.
    """

    def __init__(self, *args, on_error: OnError = 'raise', **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.on_error = check_choice('on_error', on_error, OnError)
        self.skipped: Set[str] = set()

    def transform(self, results: dict) -> Optional[dict]:
        """Load the image of ``results['img_path']``.

        Args:
            results (dict): Needs ``img_path``.

        Returns:
            dict or None: With ``img``, ``img_shape`` and ``ori_shape``; None
            for a bad image that is skipped.
        """
        path = results['img_path']
        try:
            return super().transform(results)
        except (FileNotFoundError, ValueError) as error:
            if self.on_error == 'raise':
                raise
            reason = error if isinstance(
                error, AnnotationError) else error.__cause__ or error
        if path not in self.skipped:
            self.skipped.add(path)
            warnings.warn(
                f'skipped {len(self.skipped)} unreadable image(s) so far in '
                f'this process; now {path} ({reason_of(reason)})',
                stacklevel=2)
        return None
