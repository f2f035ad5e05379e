from typing import Optional, Tuple

from mmdet.datasets.transforms import RandomCrop
from mmrotate.registry import TRANSFORMS

from .visible_boxes import BOX_KEYS, check_min_visible, sort_by_visibility


@TRANSFORMS.register_module()
class RBoxRandomCrop(RandomCrop):
    """Random crop for long rotated boxes (LARSD, Section IV-B).

    mmdet's crop keeps a box if its centre stays and forgets it otherwise,
    so the half of a ship that remains is learned as background. Here a box
    of which ``min_visible`` of the area remains is kept whole; one of which
    less remains becomes an ignored one; only what is gone is dropped.

    Not in the paper: it only says "random cropping".

    Args:
        crop_size (tuple): (width, height), see
            :class:`mmdet.datasets.transforms.RandomCrop`.
        crop_type (str): See there.
        allow_negative_crop (bool): Whether a crop may lose all boxes that
            are not ignored; if not, None is returned and the data set takes
            another image. An image without boxes is background, which
            ``filter_empty_gt=False`` asks for, and cropped anyway.
        min_visible (float): Share of a box's area, in (0, 1].

    Raises:
        ValueError: If ``min_visible`` is out of range.
    """

    def __init__(self,
                 crop_size: tuple,
                 crop_type: str = 'absolute',
                 allow_negative_crop: bool = False,
                 min_visible: float = 0.7) -> None:
        self.min_visible = check_min_visible(min_visible)
        super().__init__(
            crop_size,
            crop_type=crop_type,
            allow_negative_crop=allow_negative_crop,
            bbox_clip_border=False)

    def _crop_data(self, results: dict, crop_size: Tuple[int, int],
                   allow_negative_crop: bool) -> Optional[dict]:
        """Crop the image, then sort the boxes by what remains of them."""
        if results.get('gt_masks') is not None:
            raise ValueError(
                'RBoxRandomCrop does not crop masks; load the annotations '
                'with with_mask=False, or use mmdet.RandomCrop')
        # mmdet crops the image alone, and leaves the shift in the matrix.
        before = results.pop('homography_matrix', None)
        truth = {key: results.pop(key) for key in BOX_KEYS if key in results}
        results = super()._crop_data(results, crop_size, True)
        shift = results['homography_matrix']
        if before is not None:
            results['homography_matrix'] = shift @ before
        if 'gt_bboxes' not in truth:
            results.update(truth)
            return results

        boxes = truth['gt_bboxes']
        boxes.translate_(shift[:2, 2].tolist())
        truth = sort_by_visibility(
            truth, results['img_shape'], self.min_visible)
        if len(boxes) and not allow_negative_crop and (
                truth['gt_ignore_flags'].all()):
            return None
        results.update(truth)
        return results

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}(crop_size={self.crop_size}, '
                f'crop_type={self.crop_type}, '
                f'allow_negative_crop={self.allow_negative_crop}, '
                f'min_visible={self.min_visible})')
