"""What becomes of rotated boxes of which only a part is in the image."""
from typing import Tuple

import numpy as np
from mmdet.structures.bbox import BaseBoxes

from mmextra.structures import rotated_iou

BOX_KEYS = ('gt_bboxes', 'gt_bboxes_labels', 'gt_ignore_flags')


def visible_fraction(boxes: BaseBoxes, img_shape: Tuple[int,
                                                        int]) -> np.ndarray:
    """The part of each box's area that lies inside of the image.

    Args:
        boxes (BaseBoxes): n boxes of any type that mmrotate knows.
        img_shape (tuple[int, int]): Height and width in pixels.

    Returns:
        np.ndarray: (n,) float64 in [0, 1].
    """
    height, width = img_shape
    quads = boxes.convert_to('qbox').tensor.reshape(-1, 8).double().numpy()
    window = np.array([[0., 0., width, height]])
    return rotated_iou(quads, window, mode='iof')[:, 0]


def check_min_visible(min_visible: float) -> float:
    """The share of a box's area that must be seen, if it is one.

    Args:
        min_visible (float): The share.

    Returns:
        float: The same.

    Raises:
        ValueError: If it is not in (0, 1].
    """
    if not 0 < min_visible <= 1:
        raise ValueError(f'min_visible must be in (0, 1], got {min_visible}')
    return min_visible


def sort_by_visibility(truth: dict, img_shape: Tuple[int, int],
                       min_visible: float) -> dict:
    """Keep boxes that are seen, ignore those that hardly are.

    Args:
        truth (dict): ``gt_bboxes``, and what there is of
            ``gt_bboxes_labels`` and ``gt_ignore_flags``.
        img_shape (tuple[int, int]): Height and width in pixels.
        min_visible (float): A box of which less of the area is in the image
            becomes an ignored one; one that is gone is dropped.

    Returns:
        dict: The same keys and ``gt_ignore_flags``.
    """
    boxes = truth['gt_bboxes']
    fraction = visible_fraction(boxes, img_shape)
    ignored = np.asarray(
        truth.get('gt_ignore_flags', np.zeros(len(boxes))), dtype=bool)
    truth = dict(truth, gt_ignore_flags=ignored | (fraction < min_visible))
    return {key: value[fraction > 0] for key, value in truth.items()}
