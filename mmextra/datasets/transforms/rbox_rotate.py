"""Rotation that keeps boxes as RBoxRandomCrop does."""
from mmrotate.datasets.transforms import Rotate
from mmrotate.registry import TRANSFORMS

from .visible_boxes import BOX_KEYS, check_min_visible, sort_by_visibility


@TRANSFORMS.register_module()
class RBoxRotate(Rotate):
    """Rotation for long rotated boxes.

    mmrotate's keeps a box if its centre stays in the image and forgets it
    otherwise, so the part of a ship that remains is learned as background.
    Here a box of which ``min_visible`` of the area remains is kept; one of
    which less remains becomes an ignored one; only what is gone is dropped:
    the rule of :class:`RBoxRandomCrop`. In a pipeline:
    ``dict(type='RandomRotate', rotate_type='RBoxRotate')``.

    Not in the paper, which speaks of rotation only.

    Args:
        rotate_angle (int): See :class:`mmrotate.datasets.transforms.Rotate`.
        min_visible (float): Share of a box's area, in (0, 1].
        **kwargs: See there.

    Raises:
        ValueError: If ``min_visible`` is out of range.
    """

    def __init__(self, rotate_angle: int, min_visible: float = 0.7,
                 **kwargs) -> None:
        self.min_visible = check_min_visible(min_visible)
        super().__init__(rotate_angle, **kwargs)

    def _filter_invalid(self, results: dict) -> None:
        if 'gt_bboxes' not in results:
            return
        if results.get('gt_masks') is not None:
            raise ValueError(
                'RBoxRotate does not sort masks; load the annotations with '
                "with_mask=False, or use mmrotate's Rotate")
        truth = {key: results[key] for key in BOX_KEYS if key in results}
        results.update(sort_by_visibility(
            truth, results['img_shape'], self.min_visible))
