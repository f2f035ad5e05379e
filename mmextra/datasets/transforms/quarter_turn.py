"""Turn a test image by quarters."""
import numpy as np
from mmcv.transforms import BaseTransform

from mmextra.utils import register_in_both


@register_in_both('TRANSFORMS')
class QuarterTurn(BaseTransform):
    """Turn an image counterclockwise, as one view of test-time augmentation.

    Sizes and scale factors change sides with the image, so that a detector
    gives boxes and masks of the turned original image, which
    :class:`~mmextra.models.test_time_augs.ViewsTTAModel` turns back.
    Annotations are left as they are: those of a test belong to the image
    that was not turned.

    Required Keys: ``img``, ``img_shape``. Modified Keys: these,
    ``ori_shape``, ``scale_factor``. Added Keys: ``quarter_turns``.

    Args:
        turns (int): Quarters, 0 to 3.

    Raises:
        ValueError: If ``turns`` is none of these.
    """

    def __init__(self, turns: int) -> None:
        if turns not in (0, 1, 2, 3):
            raise ValueError(f'turns must be 0, 1, 2 or 3, got {turns!r}')
        self.turns = turns

    def transform(self, results: dict) -> dict:
        """Turn it.

        Args:
            results (dict): With an image of (h, w[, c]).

        Returns:
            dict: The same.
        """
        results['quarter_turns'] = self.turns
        if self.turns:
            results['img'] = np.ascontiguousarray(
                np.rot90(results['img'], self.turns))
        if self.turns % 2:
            results['img_shape'] = results['img'].shape[:2]
            for key in ('ori_shape', 'scale_factor'):
                if key in results:
                    results[key] = tuple(results[key][::-1])
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(turns={self.turns})'
