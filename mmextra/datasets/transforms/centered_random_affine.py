"""Random affine transform around the centre of a mosaic."""
import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmdet.datasets.transforms import RandomAffine
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import autocast_box_type


@TRANSFORMS.register_module()
class CenteredRandomAffine(RandomAffine):
    """``RandomAffine`` that keeps the centre, for small objects.

    mmdet's class scales and rotates around the upper left corner and cuts
    its output off there. Behind a ``Mosaic`` it shows the upper left quarter
    of the four images, and only one of them as often as not. Here the centre
    of the input goes to the centre of the output, moved by the translation
    alone, as YOLOv5 (and thus LCB-YOLOv5s, Sec. 2.1) has it.

    Boxes of which the output shows less than ``min_visible`` are dropped;
    ignored ones stay.

    Args:
        min_visible (float): Share of a box's area.
        **kwargs: See :class:`mmdet.datasets.transforms.RandomAffine`.

    Raises:
        ValueError: If ``min_visible`` is no share.
    """

    def __init__(self, min_visible: float = 0.1, **kwargs) -> None:
        if not 0 <= min_visible <= 1:
            raise ValueError(
                f'min_visible must be 0 to 1, got {min_visible}')
        # Boxes are clipped here, after their whole area has been seen.
        super().__init__(bbox_clip_border=False, **kwargs)
        self.min_visible = min_visible

    @cache_randomness
    def _get_random_homography_matrix(self, height: int,
                                      width: int) -> np.ndarray:
        """Matrix from the input to an output of ``height`` x ``width``."""
        matrix = super()._get_random_homography_matrix(height, width)
        to_origin = self._get_translation_matrix(
            self.border[0] - width / 2, self.border[1] - height / 2)
        back = self._get_translation_matrix(width / 2, height / 2)
        return back @ matrix @ to_origin

    @autocast_box_type()
    def transform(self, results: dict) -> dict:
        """Transform image and boxes, see the class."""
        results = super().transform(results)
        boxes = results['gt_bboxes']
        whole = boxes.areas
        boxes.clip_(results['img_shape'])
        visible = boxes.areas / whole.clamp(min=1e-6)
        keep = (visible >= self.min_visible).numpy() | results[
            'gt_ignore_flags'].astype(bool)
        for key in ('gt_bboxes', 'gt_bboxes_labels', 'gt_ignore_flags'):
            results[key] = results[key][keep]
        return results
