"""SSD's geometric augmentation, the same for all frames of a clip."""
import random
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS

from mmextra.structures import box_iou
from mmextra.utils.worker_random import WorkerRandom

TRIES = 50
MODES = 10
PER_BOX = ('gt_bboxes_labels', 'gt_instances_ids', 'gt_ignore_flags')


class ClipWindow(NamedTuple):
    """What of the plane around an image is shown, and how.

    Attributes:
        left: Left edge in pixels of the image.
        top: Upper edge.
        width: Width in pixels of the image.
        height: Height.
        flip: Whether left and right are exchanged.
    """
    left: float
    top: float
    width: float
    height: float
    flip: bool = False


def sample_expand(rng: random.Random, width: int, height: int,
                  ratio_range: Tuple[float, float]) -> ClipWindow:
    """A larger canvas with the image somewhere on it.

    Args:
        rng (random.Random): Source of randomness.
        width (int): Of the image.
        height (int): Of the image.
        ratio_range (tuple[float, float]): Range of the canvas' side to the
            image's.

    Returns:
        ClipWindow: The canvas.
    """
    ratio = rng.uniform(*ratio_range)
    left = int(rng.uniform(0, width * ratio - width))
    top = int(rng.uniform(0, height * ratio - height))
    return ClipWindow(-left, -top, int(width * ratio), int(height * ratio))


def sample_crop(rng: random.Random, canvas: ClipWindow, boxes: np.ndarray,
                min_ious: Sequence[float],
                min_crop_size: float) -> ClipWindow:
    """A patch of the canvas that overlaps every box by at least a minimum.

    The minimum is drawn from ``min_ious``, nothing (any patch) and all (the
    whole canvas). A patch is half to twice as high as wide, and holds the
    centre of at least one box.

    Args:
        rng (random.Random): Source of randomness.
        canvas (ClipWindow): Where to cut.
        boxes (np.ndarray): (N, 4) pixels of the image; without any, every
            patch will do.
        min_ious (Sequence[float]): The minima.
        min_crop_size (float): Smallest side to the canvas'.

    Returns:
        ClipWindow: The patch; the canvas if none was found.
    """
    for _ in range(MODES):
        mode = rng.choice((1, *min_ious, 0))
        if mode == 1:
            return canvas
        for _ in range(TRIES):
            width = rng.uniform(min_crop_size * canvas.width, canvas.width)
            height = rng.uniform(min_crop_size * canvas.height,
                                 canvas.height)
            if not 0.5 <= height / width <= 2:
                continue
            patch = ClipWindow(
                canvas.left + int(rng.uniform(0, canvas.width - width)),
                canvas.top + int(rng.uniform(0, canvas.height - height)),
                max(1, int(width)), max(1, int(height)))
            if not len(boxes):
                return patch
            square = np.array([
                patch.left, patch.top, patch.left + patch.width,
                patch.top + patch.height
            ])
            if (box_iou(boxes, square, plus_one=False).min() >= mode
                    and centres_inside(boxes, patch).any()):
                return patch
    return canvas


def centres_inside(boxes: np.ndarray, window: ClipWindow) -> np.ndarray:
    """Which of the (N, 4) boxes have their centre inside: (N,) bool."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    low = np.array([window.left, window.top])
    high = low + [window.width, window.height]
    return ((low < centres) & (centres < high)).all(1)


def warp_matrix(window: ClipWindow, size: Tuple[int, int]) -> np.ndarray:
    """Matrix that brings pixels of the image to pixels of the result.

    Pixel centres lie at whole numbers and a pixel reaches half to each
    side, as ``cv2.resize`` has it: ``to = s (from + 0.5) - 0.5``.

    Args:
        window (ClipWindow): What is shown.
        size (tuple[int, int]): Width and height of the result.

    Returns:
        np.ndarray: (2, 3).
    """
    sx, sy = size[0] / window.width, size[1] / window.height
    matrix = np.array([[sx, 0, sx * (0.5 - window.left) - 0.5],
                       [0, sy, sy * (0.5 - window.top) - 0.5]])
    if window.flip:
        matrix[0] *= -1
        matrix[0, 2] += size[0] - 1
    return matrix


def warp_boxes(boxes: np.ndarray, window: ClipWindow,
               size: Tuple[int, int]) -> np.ndarray:
    """Boxes as the result shows them, clipped to it.

    Args:
        boxes (np.ndarray): (N, 4) continuous pixel coordinates.
        window (ClipWindow): What is shown.
        size (tuple[int, int]): Width and height of the result.

    Returns:
        np.ndarray: (N, 4) float32.
    """
    scale = np.array([size[0] / window.width, size[1] / window.height] * 2)
    moved = (boxes - [window.left, window.top] * 2) * scale
    if window.flip:
        moved[:, [0, 2]] = size[0] - moved[:, [2, 0]]
    return np.clip(moved, 0, [*size, *size]).astype(np.float32)


@TRANSFORMS.register_module()
class ClipSSDGeometric(BaseTransform):
    """Expand, crop, resize and flip a clip, with one warp per frame.

    SSD's expansion, crop by minimum IoU and horizontal flip are drawn once
    for the whole clip; the crop is tried on one frame that has objects, and
    others may lose all of theirs. A box is kept if its centre is inside.
    Pixels are interpolated once, so no canvas is ever filled.

    Args:
        img_scale (tuple[int, int]): Width and height of the result.
        expand_ratio (tuple[float, float]): See :func:`sample_expand`.
        expand_prob (float): Probability of the expansion.
        min_ious (Sequence[float]): See :func:`sample_crop`.
        min_crop_size (float): See :func:`sample_crop`.
        flip_prob (float): Probability of the flip.
        mean (Sequence[float]): Grey outside of the image, in the order of
            the image's channels (BGR).

    Raises:
        ValueError: If a clip's frames are not of one size.
    """

    def __init__(self,
                 img_scale: Tuple[int, int] = (320, 320),
                 expand_ratio: Tuple[float, float] = (1, 4),
                 expand_prob: float = 0.5,
                 min_ious: Sequence[float] = (0.1, 0.3, 0.5, 0.7, 0.9),
                 min_crop_size: float = 0.3,
                 flip_prob: float = 0.5,
                 mean: Sequence[float] = (103.53, 116.28, 123.675)) -> None:
        self.img_scale = tuple(img_scale)
        self.expand_ratio = tuple(expand_ratio)
        self.expand_prob = expand_prob
        self.min_ious = tuple(min_ious)
        self.min_crop_size = min_crop_size
        self.flip_prob = flip_prob
        self.mean = tuple(mean)
        self._random = WorkerRandom()

    def sample_window(self, width: int, height: int,
                      boxes: np.ndarray) -> ClipWindow:
        """Draw what to show of images of one size.

        Args:
            width (int): Of the images.
            height (int): Of the images.
            boxes (np.ndarray): (N, 4) boxes that the crop must respect.

        Returns:
            ClipWindow: The window.
        """
        rng = self._random.generator
        window = ClipWindow(0, 0, width, height)
        if rng.random() < self.expand_prob:
            window = sample_expand(rng, width, height, self.expand_ratio)
        window = sample_crop(rng, window, boxes, self.min_ious,
                             self.min_crop_size)
        return window._replace(flip=rng.random() < self.flip_prob)

    def transform(self, results: Dict[str, List]) -> Optional[dict]:
        """Augment a clip.

        Args:
            results (dict[str, list]): Lists over the frames: ``img``,
                ``gt_bboxes`` and what goes with each box.

        Returns:
            dict[str, list]: The same, with new ``img_shape``,
            ``scale_factor``, ``flip`` and ``flip_direction``.
        """
        images = results['img']
        shapes = {image.shape[:2] for image in images}
        if len(shapes) > 1:
            raise ValueError(
                f'the frames of {results["img_path"][0]} and after have the '
                f'sizes {sorted(shapes)} (height, width), but a clip must be '
                'of one size; resize the video, or give each size a video '
                'of its own')
        height, width = images[0].shape[:2]
        boxes = [np.asarray(b, np.float64).reshape(-1, 4)
                 for b in results.get('gt_bboxes', [()] * len(images))]
        with_objects = [b for b in boxes if len(b)]
        window = self.sample_window(
            width, height,
            self._random.generator.choice(with_objects)
            if with_objects else boxes[0])
        matrix = warp_matrix(window, self.img_scale)
        results['img'] = [
            cv2.warpAffine(
                image, matrix, self.img_scale, flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_CONSTANT, borderValue=self.mean)
            for image in images
        ]
        self._move_boxes(results, boxes, window)
        count = len(images)
        results['img_shape'] = [self.img_scale[::-1]] * count
        results['scale_factor'] = [(self.img_scale[0] / width,
                                    self.img_scale[1] / height)] * count
        results['flip'] = [window.flip] * count
        results['flip_direction'] = ['horizontal' if window.flip else None
                                     ] * count
        return results

    def _move_boxes(self, results: dict, boxes: List[np.ndarray],
                    window: ClipWindow) -> None:
        if 'gt_bboxes' not in results:
            return
        kept = [centres_inside(each, window) for each in boxes]
        results['gt_bboxes'] = [
            warp_boxes(each[keep], window, self.img_scale)
            for each, keep in zip(boxes, kept)
        ]
        for key in PER_BOX:
            if key in results:
                results[key] = [np.asarray(values)[keep] for values, keep in
                                zip(results[key], kept)]

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}(img_scale={self.img_scale}, '
                f'expand_ratio={self.expand_ratio}, '
                f'expand_prob={self.expand_prob}, '
                f'min_ious={self.min_ious}, '
                f'min_crop_size={self.min_crop_size}, '
                f'flip_prob={self.flip_prob}, mean={self.mean})')
