"""LARSD's box code: four distances to the sides and an angle (Sec. II-B)."""
import math
from typing import Optional, Tuple, Union

import torch
from mmdet.models.task_modules.coders import BaseBBoxCoder
from mmdet.structures.bbox import get_box_tensor
from mmrotate.structures.bbox import RotatedBoxes
from torch import Tensor

from mmextra.utils import register_in_both

QUARTER = math.pi / 4
# exp(4) is 55 priors, exp(-8) a 3000th: beyond lies no box, only overflow.
LOG_RANGE = (-8.0, 4.0)
MIN_DISTANCE = 1e-2
MIN_PROBABILITY = 1e-4


def norm_angle_45(boxes: Tensor) -> Tensor:
    """Describe rotated boxes by angles in (-45, 45] degrees.

    The same rectangle, turned by as many quarter turns as needed; an odd
    number of them swaps width and height. In this range the corner with the
    lowest x + y, the paper's D1, is always the top left one of the box's
    own frame.

    Args:
        boxes (Tensor): (cx, cy, w, h, angle), shape (..., 5), pixels and
            radians, clockwise positive.

    Returns:
        Tensor: The same boxes, shape (..., 5), angle in (-pi/4, pi/4].
    """
    cx, cy, w, h, angle = boxes.unbind(-1)
    # The small term keeps a float32 pi/4 at +45 degrees.
    turns = torch.ceil((angle - QUARTER) / (2 * QUARTER) - 1e-6)
    odd = turns.remainder(2) == 1
    return torch.stack([
        cx, cy,
        torch.where(odd, h, w),
        torch.where(odd, w, h), angle - turns * (2 * QUARTER)
    ], dim=-1)


def rbox2distance(points: Tensor, boxes: Tensor) -> Tuple[Tensor, Tensor]:
    """Distances from points to the sides of rotated boxes.

    Args:
        points (Tensor): (x, y), shape (..., 2), pixels.
        boxes (Tensor): (cx, cy, w, h, angle), shape (..., 5), any angle
            range; broadcast against ``points``.

    Returns:
        tuple[Tensor, Tensor]: Distances d1 to d4 to the top, right, bottom
        and left side in the box's frame, shape (..., 4), all positive
        exactly when the point lies inside; and the angle in (-pi/4, pi/4],
        shape (...).
    """
    return described_distance(points, norm_angle_45(boxes))


def described_distance(points: Tensor, boxes: Tensor
                       ) -> Tuple[Tensor, Tensor]:
    """:func:`rbox2distance` of boxes whose description is left as it is.

    Args:
        points (Tensor): Shape (..., 2), pixels.
        boxes (Tensor): (cx, cy, w, h, angle), shape (..., 5).

    Returns:
        tuple[Tensor, Tensor]: Distances to the sides in the frame of the
        given angle, shape (..., 4), and that angle, shape (...).
    """
    cx, cy, w, h, angle = boxes.unbind(-1)
    dx, dy = points[..., 0] - cx, points[..., 1] - cy
    cos, sin = angle.cos(), angle.sin()
    x, y = dx * cos + dy * sin, dy * cos - dx * sin
    distances = torch.stack(
        [h / 2 + y, w / 2 - x, h / 2 - y, w / 2 + x], dim=-1)
    return distances, angle.expand(distances.shape[:-1])


def distance2rbox(points: Tensor, distances: Tensor,
                  angles: Tensor) -> Tensor:
    """The rotated boxes that lie at given distances around points.

    The inverse of :func:`rbox2distance`.

    Args:
        points (Tensor): (x, y), shape (..., 2), pixels.
        distances (Tensor): d1 to d4, shape (..., 4), pixels.
        angles (Tensor): Shape (...), radians.

    Returns:
        Tensor: (cx, cy, w, h, angle), shape (..., 5).
    """
    top, right, bottom, left = distances.unbind(-1)
    x, y = (right - left) / 2, (bottom - top) / 2
    cos, sin = angles.cos(), angles.sin()
    return torch.stack([
        points[..., 0] + x * cos - y * sin,
        points[..., 1] + x * sin + y * cos, left + right, top + bottom, angles
    ], dim=-1)


def both_descriptions(boxes: Tensor, overlap: float
                      ) -> Tuple[Tensor, Tensor]:
    """Boxes, and once more those near +-45 degrees with their other angle.

    A box at 44 degrees is also one at -46 degrees with width and height
    exchanged. Where only angles in (-45, 45] are known, a turn by 2 degrees
    across the limit exchanges all targets; with both descriptions those of
    either are there on both sides, and change by 2 degrees.

    Not in the paper.

    Args:
        boxes (Tensor): (cx, cy, w, h, angle), shape (G, 5), any angle
            range.
        overlap (float): How far beyond 45 degrees a description may reach,
            in radians.

    Returns:
        tuple[Tensor, Tensor]: (H, 5) boxes at angles of at most 45 degrees
        and the overlap, those of the first description first and in order;
        and the index of the box that each describes, (H, ).
    """
    boxes = norm_angle_45(boxes)
    if not overlap:
        # A GPU would have to be asked for the number of boxes at the limit.
        return boxes, torch.arange(len(boxes), device=boxes.device)
    near = (boxes[:, 4].abs() > QUARTER - overlap).nonzero()[:, 0]
    cx, cy, w, h, angle = boxes[near].unbind(-1)
    other = torch.stack(
        [cx, cy, h, w, angle - torch.sign(angle) * 2 * QUARTER], dim=-1)
    index = torch.arange(len(boxes), device=boxes.device)
    return torch.cat([boxes, other]), torch.cat([index, near])


@register_in_both('TASK_UTILS')
class RotatedDistanceCoder(BaseBBoxCoder):
    """Code a rotated box as five numbers relative to a (w, h) prior (Eq. 1).

    ``d1, d3 = h_k exp(t1, t3)``, ``d2, d4 = w_k exp(t2, t4)`` and
    ``angle = (2 sigmoid(t5) - 1) pi / 4``.

    Eq. 1 prints the angle as ``sigmoid(t5 * 2 - 1) * pi / 4``, which would
    only reach (0, 45) degrees; the form used here reaches (-45, 45) as the
    text demands.

    Priors are (x, y, w, h, 0): the location that predicts, and a shape that
    turns with the box. ``decode(priors, encode(priors, boxes))`` gives the
    boxes back, in :func:`norm_angle_45`'s description, wherever the location
    lies inside the box by more than 0.01 pixels.

    Args:
        overlap (float): Degrees beyond 45 that angles reach, in [0, 45).
            :class:`LARSDHead` then learns boxes within ``overlap`` of +-45
            degrees in both of their descriptions, each by the priors of its
            shape, see :func:`both_descriptions`. It needs anchors in both
            orientations, as ``kmeans_anchors.py --symmetric`` finds them.
            Not in the paper: 0 is the paper's code.

    Raises:
        ValueError: If ``overlap`` is out of range.
    """

    encode_size = 5

    def __init__(self, overlap: float = 0.) -> None:
        super().__init__()
        if not 0 <= overlap < 45:
            raise ValueError(
                f'overlap must be in [0, 45) degrees, got {overlap}')
        self.overlap = math.radians(overlap)

    @property
    def limit(self) -> float:
        """The largest angle in radians."""
        return QUARTER + self.overlap

    def encode(self, bboxes: Union[Tensor, RotatedBoxes],
               gt_bboxes: Union[Tensor, RotatedBoxes]) -> Tensor:
        """Targets for raw predictions.

        Args:
            bboxes (Tensor or :obj:`RotatedBoxes`): Priors, shape (N, 5).
            gt_bboxes (Tensor or :obj:`RotatedBoxes`): Boxes, shape (N, 5).

        Returns:
            Tensor: t1 to t5, shape (N, 5).
        """
        priors = get_box_tensor(bboxes)
        distances, angles = rbox2distance(priors[:, :2],
                                          get_box_tensor(gt_bboxes))
        logs = (distances.clamp(min=MIN_DISTANCE) / self._sizes(priors)).log()
        probability = ((angles / self.limit + 1) / 2).clamp(
            MIN_PROBABILITY, 1 - MIN_PROBABILITY)
        return torch.cat([logs, probability.logit()[:, None]], dim=-1)

    def geometry(self, priors: Tensor,
                 raw: Tensor) -> Tuple[Tensor, Tensor]:
        """Distances and angles that raw predictions stand for (Eq. 1).

        Args:
            priors (Tensor): Shape (N, 5).
            raw (Tensor): t1 to t5, shape (N, 5).

        Returns:
            tuple[Tensor, Tensor]: Distances in pixels, shape (N, 4), and
            angles in radians, shape (N, ), in float32.
        """
        raw = raw.float()
        distances = raw[:, :4].clamp(*LOG_RANGE).exp() * self._sizes(priors)
        return distances, (2 * raw[:, 4].sigmoid() - 1) * self.limit

    def decode(self,
               bboxes: Union[Tensor, RotatedBoxes],
               pred_bboxes: Tensor,
               max_shape: Optional[Tuple[int, ...]] = None) -> RotatedBoxes:
        """Boxes from raw predictions.

        Args:
            bboxes (Tensor or :obj:`RotatedBoxes`): Priors, shape (N, 5).
            pred_bboxes (Tensor): t1 to t5, shape (N, 5).
            max_shape (tuple[int], optional): Not used: a rotated box cannot
                be clipped to the image and stay a rotated box.

        Returns:
            :obj:`RotatedBoxes`: Shape (N, 5), angles below ``limit``.
        """
        priors = get_box_tensor(bboxes)
        distances, angles = self.geometry(priors, pred_bboxes)
        return RotatedBoxes(
            distance2rbox(priors[:, :2], distances, angles), clone=False)

    @staticmethod
    def _sizes(priors: Tensor) -> Tensor:
        """(h, w, h, w) of the priors, in the order of d1 to d4."""
        # Not priors[:, [3, 2, 3, 2]]: a GPU gets such a list anew every time.
        return priors[:, 2:4].flip(-1).repeat(1, 2)
