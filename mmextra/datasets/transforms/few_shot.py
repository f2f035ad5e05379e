"""Pictures of single instances, as supports (section 4.1)."""
from typing import Sequence

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes, get_box_tensor

from mmextra_runtime.support_crop import (
    SquareCrop,
    crop_instance,
    outside,
    square_crop,
)

__all__ = ['CropInstance', 'CropResizeInstance', 'SquareCrop', 'square_crop']


def _only_box(results: dict, owner: str) -> np.ndarray:
    boxes = get_box_tensor(results['gt_bboxes']) if not isinstance(
        results['gt_bboxes'], np.ndarray) else results['gt_bboxes']
    if len(boxes) != 1:
        raise ValueError(
            f'{owner} needs exactly one box, {results.get("img_path")} has '
            f'{len(boxes)}. Set instance_wise=True in the support dataset.')
    return np.asarray(boxes[0], np.float64)


def _set_box(results: dict, box: np.ndarray) -> None:
    results['gt_bboxes'] = HorizontalBoxes(
        torch.as_tensor(box[None], dtype=torch.float32))


@TRANSFORMS.register_module()
class CropResizeInstance(BaseTransform):
    """Crop the only instance with some context, square, and resize it.

    "Support image patches are cropped from annotated images and resized to
    320 with zero paddings" (section 4.1).

    Not in the paper: the context, as in Attention RPN.

    Args:
        num_context_pixels (int): See :func:`square_crop`.
        target_size (Sequence[int]): Width and height of the result.

    Raises:
        ValueError: If the target is not square.
    """

    def __init__(self,
                 num_context_pixels: int = 16,
                 target_size: Sequence[int] = (320, 320)) -> None:
        if len(target_size) != 2 or target_size[0] != target_size[1]:
            raise ValueError('target_size must be (side, side), got '
                             f'{tuple(target_size)}')
        self.num_context_pixels = num_context_pixels
        self.target_size = tuple(target_size)

    def transform(self, results: dict) -> dict:
        """Crop and resize the image and move its box.

        Args:
            results (dict): With ``img`` and one box in ``gt_bboxes``.

        Returns:
            dict: The same, changed.
        """
        results['img'], box, side = crop_instance(
            results['img'], _only_box(results, 'CropResizeInstance'),
            self.num_context_pixels, self.target_size[0])
        scale = self.target_size[0] / side
        _set_box(results, box)
        results['ori_shape'] = (side, side)
        results['img_shape'] = self.target_size[::-1]
        results['scale_factor'] = (scale, scale)
        return results

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(num_context_pixels='
                f'{self.num_context_pixels}, target_size={self.target_size})')


@TRANSFORMS.register_module()
class CropInstance(BaseTransform):
    """Crop the only instance with context in proportion to its size.

    Args:
        context_ratio (float): Share of width and height added on each side.

    Raises:
        ValueError: If it is negative.
    """

    def __init__(self, context_ratio: float = 0.) -> None:
        if context_ratio < 0:
            raise ValueError('context_ratio must not be negative, got '
                             f'{context_ratio}')
        self.context_ratio = context_ratio

    def transform(self, results: dict) -> dict:
        """Crop the image and move its box.

        Args:
            results (dict): With ``img`` and one box in ``gt_bboxes``.

        Returns:
            dict: The same, changed.
        """
        image = results['img']
        height, width = image.shape[:2]
        box = _only_box(results, 'CropInstance')
        margin = self.context_ratio * (box[2:] - box[:2])
        x1, y1 = np.floor(np.maximum(box[:2] - margin, 0)).astype(int)
        x2, y2 = np.ceil(
            np.minimum(box[2:] + margin, (width, height))).astype(int)
        if x1 >= x2 or y1 >= y2:
            raise ValueError(outside(box, width, height))
        results['img'] = np.ascontiguousarray(image[y1:y2, x1:x2])
        _set_box(results, (box - [x1, y1, x1, y1]).clip(0))
        results['ori_shape'] = results['img_shape'] = (y2 - y1, x2 - x1)
        results['scale_factor'] = (1., 1.)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(context_ratio={self.context_ratio})'
