"""Assignment of YOLOv5: by shape, to the cell and its nearest neighbours."""
from typing import List, NamedTuple, Sequence, Tuple

import torch
from mmdet.registry import TASK_UTILS
from torch import Tensor


class CrossGridTargets(NamedTuple):
    """The n positives of one level of a whole batch.

    Attributes:
        img_idx (Tensor): Image of each, shape (n, ).
        anchor_idx (Tensor): Anchor of the level, shape (n, ).
        row (Tensor): Row of the cell, shape (n, ).
        col (Tensor): Column of the cell, shape (n, ).
        label (Tensor): Class, shape (n, ).
        target (Tensor): cx, cy, w, h in cells, relative to the upper left
            corner of the cell (before it was clamped into the map), shape
            (n, 4).
        gt_idx (Tensor): Row of the ground truth, shape (n, ).
    """
    img_idx: Tensor
    anchor_idx: Tensor
    row: Tensor
    col: Tensor
    label: Tensor
    target: Tensor
    gt_idx: Tensor


def shape_factor(anchors: Tensor, wh: Tensor) -> Tensor:
    """By how much anchors and boxes differ in the worse of their sides.

    Args:
        anchors (Tensor): Sides of the anchors, shape (A, 2).
        wh (Tensor): Sides of the boxes in the same unit, shape (n, 2).

    Returns:
        Tensor: Factors of at least 1, shape (A, n).
    """
    ratio = wh[None] / anchors[:, None]
    return torch.max(ratio, 1 / ratio).amax(-1)


def match_shapes(wh: Tensor, anchors: Tensor, ratio_thr: float) -> Tensor:
    """Which anchors have about the shape of which boxes.

    Args:
        wh (Tensor): Sides of the boxes, shape (n, 2).
        anchors (Tensor): Sides of the anchors in the same unit, (A, 2).
        ratio_thr (float): Both sides must differ by less than this factor.

    Returns:
        Tensor: Boolean, shape (A, n).
    """
    return shape_factor(anchors, wh) < ratio_thr


def neighbour_cells(centres: Tensor, width: int, height: int,
                    thr: float) -> Tuple[Tensor, Tensor]:
    """The cells that are responsible for a centre.

    Its own cell, and those of the left, upper, right and lower neighbours
    that are nearer than ``thr`` cells and inside of the map. A centre on a
    grid line takes its own cell once more in place of the neighbour behind
    that line; such doubles count.

    Args:
        centres (Tensor): x, y in cells, shape (m, 2).
        width (int): Columns of the map.
        height (int): Rows of the map.
        thr (float): Reach in cells, up to 0.5.

    Returns:
        tuple[Tensor, Tensor]: For each pair its row of ``centres`` and its
        column and row in the map, shapes (n, ) and (n, 2); all own cells
        come first, then all left ones and so on. The cell of a centre
        outside of the map is outside too.
    """
    x, y = centres.unbind(1)
    # Not a tensor of both: a GPU would get it anew every time.
    far = torch.stack([width - x, height - y], dim=1)
    low = (centres % 1 < thr) & (centres > 1)
    high = (far % 1 < thr) & (far > 1)
    chosen = torch.cat([torch.ones_like(low[:, :1]), low, high], dim=1).t()
    move, index = chosen.nonzero(as_tuple=True)
    # Left, upper, right and lower are 1 to 4.
    moved = torch.stack([(move == 1).to(x) - (move == 3).to(x),
                         (move == 2).to(x) - (move == 4).to(x)], dim=1)
    return index, (centres[index] - thr * moved).trunc().long()


@TASK_UTILS.register_module()
class CrossGridAssigner:
    """Assign ground truths of a whole batch to anchors and cells.

    1. A box matches each anchor, of any level, whose width and height both
       differ from its own by less than the factor ``ratio_thr``. It may
       match several or none.
    2. Of a matching level it gets the cell of its centre and up to two
       neighbours, see :func:`neighbour_cells`.

    No matrix of priors and boxes is built: memory grows with the positives
    only.

    Args:
        ratio_thr (float): Limit of the factor between the sides.
        neighbor_thr (float): A neighbour counts if the centre is nearer
            than this to it, in cells; 0 takes none.

    Raises:
        ValueError: If a limit is out of its range.
    """

    def __init__(self,
                 ratio_thr: float = 4.0,
                 neighbor_thr: float = 0.5) -> None:
        if ratio_thr <= 1:
            raise ValueError(f'ratio_thr must exceed 1, got {ratio_thr}')
        if not 0 <= neighbor_thr <= 0.5:
            raise ValueError(
                f'neighbor_thr must be 0 to 0.5, got {neighbor_thr}')
        self.ratio_thr = ratio_thr
        self.neighbor_thr = neighbor_thr

    def assign(self, gts: Tensor, featmap_sizes: Sequence[Tuple[int, int]],
               strides: Sequence[int],
               anchors: Sequence[Tensor]) -> List[CrossGridTargets]:
        """Assign the ground truths of a batch.

        Args:
            gts (Tensor): Image, label, cx, cy, w, h in pixels of the
                network's input, shape (N, 6).
            featmap_sizes (Sequence[tuple[int, int]]): Height and width of
                each level's map.
            strides (Sequence[int]): Size of each level's cells in pixels.
            anchors (Sequence[Tensor]): Sides of each level's anchors in
                pixels, (A, 2) each.

        Returns:
            list[CrossGridTargets]: The positives of each level.
        """
        return [
            self._assign_level(gts, size, stride, anchors_)
            for size, stride, anchors_ in zip(featmap_sizes, strides, anchors)
        ]

    def _assign_level(self, gts: Tensor, size: Tuple[int, int], stride: int,
                      anchors: Tensor) -> CrossGridTargets:
        height, width = size
        anchor_idx, gt_idx = match_shapes(
            gts[:, 4:6], anchors.to(gts), self.ratio_thr).nonzero(
                as_tuple=True)
        boxes = gts[gt_idx, 2:6] / stride
        index, cell = neighbour_cells(boxes[:, :2], width, height,
                                      self.neighbor_thr)
        gt_idx = gt_idx[index]
        target = boxes[index]
        target = torch.cat([target[:, :2] - cell, target[:, 2:]], dim=1)
        img_idx, label = gts[gt_idx, :2].long().unbind(1)
        return CrossGridTargets(img_idx, anchor_idx[index],
                                cell[:, 1].clamp(0, height - 1),
                                cell[:, 0].clamp(0, width - 1), label, target,
                                gt_idx)
