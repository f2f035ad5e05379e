"""Crop a slice to the body."""
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS


@TRANSFORMS.register_module()
class CropToBodyBox(BaseTransform):
    """Crop an image to the box of the body that COVIDx-CT's lists give.

    For images without instances (:class:`CTImageDataset`); a box beyond the
    image is clipped, and without ``body_box`` nothing is done. Not in the
    paper, whose classifier sees the whole slice.
    """

    def transform(self, results: dict) -> dict:
        """Crop ``img``.

        Args:
            results (dict): ``img`` and, perhaps, ``body_box`` ``[x1, y1, x2,
                y2]`` in pixels, half-open.

        Returns:
            dict: With the part; ``img_shape`` and ``ori_shape`` are its.

        Raises:
            ValueError: If no pixel is left.
        """
        box = results.get('body_box')
        if box is None:
            return results
        height, width = results['img'].shape[:2]
        x1, y1 = max(int(box[0]), 0), max(int(box[1]), 0)
        x2, y2 = min(int(box[2]), width), min(int(box[3]), height)
        if x1 >= x2 or y1 >= y2:
            raise ValueError(
                f'{results.get("img_path")}: the body box {list(box)} leaves '
                f'nothing of an image of {width} x {height} pixels')
        results['img'] = results['img'][y1:y2, x1:x2]
        results['img_shape'] = results['img'].shape[:2]
        results['ori_shape'] = results['img_shape']
        return results
