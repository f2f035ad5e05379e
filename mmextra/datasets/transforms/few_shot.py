"""Pictures of single instances, as supports (section 4.1)."""
from typing import NamedTuple, Sequence, Tuple

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes, get_box_tensor


class SquareCrop(NamedTuple):
    """Where a square crop lies.

    Attributes:
        window: x1, y1, x2, y2 of the part of the image, whole pixels.
        side: Side of the square canvas in pixels.
        offset: x and y of the window in the canvas.
    """
    window: Tuple[int, int, int, int]
    side: int
    offset: Tuple[int, int]


def square_crop(bbox: Sequence[float], width: int, height: int,
                context: int = 16) -> SquareCrop:
    """The square around a box, with context along its longer side.

    The context shrinks at the border of the image. Along the shorter side
    the square shows the image where it covers it.

    Args:
        bbox (Sequence[float]): x1, y1, x2, y2 in pixels.
        width (int): Width of the image.
        height (int): Height of the image.
        context (int): Pixels on either end of the longer side.

    Returns:
        SquareCrop: The crop.

    Raises:
        ValueError: If nothing of the box is in the image.
    """
    x1, y1, x2, y2 = (int(value) for value in bbox)
    if x2 - x1 >= y2 - y1:
        low, high, start, end, side, offset = _along(
            x1, x2, y1, y2, width, height, context)
        crop = SquareCrop((low, start, high, end), side, (0, offset))
    else:
        low, high, start, end, side, offset = _along(
            y1, y2, x1, x2, height, width, context)
        crop = SquareCrop((start, low, end, high), side, (offset, 0))
    if low >= high or start >= end:
        raise ValueError(_outside(bbox, width, height))
    return crop


def _outside(bbox: Sequence[float], width: int, height: int) -> str:
    return (f'the box {[float(value) for value in bbox]} lies outside of the '
            f'image of {width} x {height} pixels')


def _along(a1, a2, b1, b2, size_a, size_b, context) -> Tuple[int, ...]:
    """Limits along the longer side a and the shorter side b."""
    low, high = max(0, a1 - context), min(size_a, a2 + context)
    side = high - low
    centre = int((b1 + b2) / 2)
    start = max(0, int(centre - side / 2))
    end = min(size_b, int(centre + side / 2))
    return low, high, start, end, side, int((side - (end - start)) / 2)


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
        image = results['img']
        height, width = image.shape[:2]
        box = _only_box(results, 'CropResizeInstance')
        # Else the square would be centred where there is no image.
        inside = box.clip(0, [width, height, width, height])
        if (inside[2:] <= inside[:2]).any():
            raise ValueError(_outside(box, width, height))
        box = inside
        (x1, y1, x2, y2), side, (dx, dy) = square_crop(
            box, width, height, self.num_context_pixels)
        canvas = np.zeros((side, side, *image.shape[2:]), image.dtype)
        canvas[dy:dy + y2 - y1, dx:dx + x2 - x1] = image[y1:y2, x1:x2]
        results['img'] = cv2.resize(
            canvas, self.target_size, interpolation=cv2.INTER_LINEAR)
        scale = self.target_size[0] / side
        moved = (box - [x1, y1, x1, y1] + [dx, dy, dx, dy]) * scale
        _set_box(results, moved.clip(0, self.target_size[0]))
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
            raise ValueError(_outside(box, width, height))
        results['img'] = np.ascontiguousarray(image[y1:y2, x1:x2])
        _set_box(results, (box - [x1, y1, x1, y1]).clip(0))
        results['ori_shape'] = results['img_shape'] = (y2 - y1, x2 - x1)
        results['scale_factor'] = (1., 1.)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(context_ratio={self.context_ratio})'
