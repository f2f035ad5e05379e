"""Label assignment of LARSD (Sec. II-B.2)."""
from typing import Any, List, Optional, Sequence, Tuple

import torch
import torch.nn.functional as F
from mmdet.models.task_modules.assigners import AssignResult, BaseAssigner
from mmdet.structures.bbox import get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor

from mmextra.utils import register_in_both

from ..coders import norm_angle_45
from .point_tiles import PointTiles
from .prior_layout import PriorLayout, shape_iou

BACKGROUND, IGNORED = -1, -2


@register_in_both('TASK_UTILS')
class SameCenterAssigner(BaseAssigner):
    """Assign by lying inside the box and by the IoU of the bare shapes.

    A location with a prior of shape (w, h) is, for a box that it lies
    strictly inside of,

    1. positive if the IoU of the prior's and the box's shape, laid centre
       on centre at the same angle, is above ``pos_iou_thr``;
    2. ignored if that IoU is at least ``ignore_iou_thr``;
    3. background otherwise.

    Among several boxes the highest IoU wins, then the smaller area;
    positive goes before ignored before background.

    Not in the paper: the common angle in 1 (priors have none, and Eq. 1
    scales distances in the turned frame; with an axis-aligned prior a
    perfect 5:1 shape reaches an IoU of 0.41 at 20 degrees), the level rule,
    the tie rule, and the two safety nets ``match_low_quality`` and
    ``ensure_location``, without which some boxes would have no positive.

    Args:
        pos_iou_thr (float): Above it a pair is positive.
        ignore_iou_thr (float): From it on a pair is ignored.
        match_shape (bool): If False every pair matches perfectly, which is
            the paper's mode without anchors.
        area_ranges (Sequence[float], optional): Ascending areas in square
            pixels that part the levels: a box belongs to level i when its
            area lies in (area_ranges[i-1], area_ranges[i]]. None: a box
            belongs wherever its shape matches.
        match_low_quality (bool): A box whose best IoU over all levels is
            not above ``pos_iou_thr`` gets that best prior as positive.
        ensure_location (bool): A box that no location lies inside of, on
            the levels where it has a positive prior, gets the location
            nearest to its centre on its best level.
        shrink (float): Factor of the box sides for the inside test.

    Raises:
        ValueError: If thresholds or area ranges are not ascending.
    """

    def __init__(self,
                 pos_iou_thr: float = 0.5,
                 ignore_iou_thr: float = 0.2,
                 match_shape: bool = True,
                 area_ranges: Optional[Sequence[float]] = None,
                 match_low_quality: bool = True,
                 ensure_location: bool = True,
                 shrink: float = 1.0) -> None:
        if not 0 <= ignore_iou_thr <= pos_iou_thr <= 1:
            raise ValueError(
                'need 0 <= ignore_iou_thr <= pos_iou_thr <= 1, got '
                f'{ignore_iou_thr} and {pos_iou_thr}')
        if area_ranges is not None and list(area_ranges) != sorted(
                area_ranges):
            raise ValueError(
                f'area_ranges must ascend, got {list(area_ranges)}')
        self.pos_iou_thr = pos_iou_thr
        self.ignore_iou_thr = ignore_iou_thr
        self.match_shape = match_shape
        self.area_ranges = area_ranges
        self.match_low_quality = match_low_quality
        self.ensure_location = ensure_location
        self.shrink = shrink

    def assign_levels(self,
                      points: List[Tensor],
                      shapes: List[Tensor],
                      gt_bboxes: Tensor,
                      gt_bboxes_ignore: Optional[Tensor] = None,
                      as_described: bool = False) -> List[Tensor]:
        """Assign all locations and shapes of one image.

        Args:
            points (list[Tensor]): Locations of each level, shape (N_l, 2).
            shapes (list[Tensor]): (w, h) of each level's priors, (K_l, 2).
            gt_bboxes (Tensor): (cx, cy, w, h, angle), shape (G, 5).
            gt_bboxes_ignore (Tensor, optional): Boxes inside of which
                nothing is background, shape (I, 5).
            as_described (bool): Take (w, h) of the boxes as they are, not
                those of an angle of at most 45 degrees.

        Returns:
            list[Tensor]: Per level, shape (N_l, K_l): index of the box,
            or -1 for background, or -2 for ignored.
        """
        layout = PriorLayout.from_levels(points, shapes)
        if not as_described:
            gt_bboxes = norm_angle_45(gt_bboxes)
        assigned = self._assign_layout(
            layout, len(shapes), gt_bboxes, gt_bboxes_ignore)
        return [
            result[:, :len(level)] for level, result in zip(
                shapes, assigned.split([len(level) for level in points]))
        ]

    def assign(self,
               pred_instances: InstanceData,
               gt_instances: InstanceData,
               gt_instances_ignore: Optional[InstanceData] = None,
               **kwargs: Any) -> AssignResult:
        """The host's interface, for use inside other rotated heads.

        Args:
            pred_instances (:obj:`InstanceData`): With ``priors``, rotated
                boxes of shape (n, 5). Every shape among them is treated as
                a level of its own.
            gt_instances (:obj:`InstanceData`): With ``bboxes`` (G, 5) and
                ``labels`` (G, ).
            gt_instances_ignore (:obj:`InstanceData`, optional): With
                ``bboxes``.

        Returns:
            :obj:`AssignResult`: ``gt_inds`` of shape (n, ) holds 0 for
            background, -1 for ignored, else 1 + index.

        Raises:
            ValueError: If ``area_ranges`` is set, for a flat list of priors
                has no levels.
        """
        if self.area_ranges is not None:
            raise ValueError('area_ranges needs the levels, which the heads '
                             'of the host do not pass on; set it to None')
        priors = norm_angle_45(get_box_tensor(pred_instances.priors))
        gts = norm_angle_45(get_box_tensor(gt_instances.bboxes))
        ignore = None
        if gt_instances_ignore is not None:
            ignore = get_box_tensor(gt_instances_ignore.bboxes)
        layout, place, slot = PriorLayout.from_priors(priors)
        assigned = self._assign_layout(
            layout, len(layout.shapes), gts, ignore)[place, slot]
        overlaps = priors.new_zeros(len(priors))
        labels = torch.full_like(assigned, -1)
        if len(gts):
            positive, box = assigned >= 0, assigned.clamp(min=0)
            table = shape_iou(layout.shapes, gts[:, 2:4])
            overlaps = table[layout.slots[place, slot], box] * positive
            labels = torch.where(positive, gt_instances.labels[box], labels)
        gt_inds = torch.where(assigned == IGNORED, -1, assigned + 1)
        return AssignResult(len(gts), gt_inds, overlaps, labels)

    def _assign_layout(self, layout: PriorLayout, num_levels: int,
                       gts: Tensor, ignored: Optional[Tensor]) -> Tensor:
        """Assign all priors of one image.

        Args:
            layout (PriorLayout): The priors.
            tiles (PointTiles): Its locations.
            num_levels (int): Number of levels L.
            gts (Tensor): Boxes as their shapes are to be matched, (G, 5).
            ignored (Tensor, optional): Shape (I, 5).

        Returns:
            Tensor: Index of the box, or -1 or -2, shape (U, J).
        """
        assigned = torch.full_like(layout.slots, BACKGROUND)
        tiles = PointTiles(layout.points)
        if len(gts):
            assigned = self._assign_boxes(layout, tiles, num_levels, gts)
        if ignored is not None and len(ignored):
            hidden = torch.zeros_like(
                layout.slots[:, 0], dtype=torch.bool).index_fill_(
                    0, tiles.inside(ignored)[0], True)
            assigned = torch.where(
                hidden[:, None] & (assigned == BACKGROUND), IGNORED, assigned)
        return assigned

    def _assign_boxes(self, layout: PriorLayout, tiles: PointTiles,
                      num_levels: int, gts: Tensor) -> Tensor:
        """Assign to at least one box; nothing is ignored yet, (U, J)."""
        table = self._match_table(layout, num_levels, gts)
        best, best_shape = table.max(0)
        forced = torch.zeros_like(table, dtype=torch.bool)
        if self.match_low_quality:
            forced.scatter_(0, best_shape[None],
                            (best <= self.pos_iou_thr)[None])
        positive = (table > self.pos_iou_thr) | forced
        rank, order = self._rank(table, forced, gts)
        # A last row for the slots without a prior: no box is ranked there.
        rank = F.pad(rank, (0, 0, 0, 1), value=len(gts))
        slots = layout.slots

        seeds = torch.cat([gts[:, :2], gts[:, 2:4] * self.shrink, gts[:, 4:]],
                          dim=1)
        point, box = tiles.inside(seeds)
        found = rank[slots[point], box[:, None]]
        lowest = torch.full_like(slots, len(gts)).scatter_reduce_(
            0, point[:, None].expand_as(found), found, 'amin')
        if self.ensure_location:
            owns = F.pad(positive, (0, 0, 0, 1))[slots[point], box[:, None]]
            reached = box.new_zeros(len(gts)).scatter_reduce_(
                0, box, owns.any(1).long(), 'amax')
            orphans = positive.any(0) & (reached == 0)
            self._add_nearest(
                layout, tiles, num_levels, gts, orphans.nonzero().flatten(),
                best_shape, rank, lowest)

        empty = lowest == len(gts)
        shape = slots.clamp(max=len(table) - 1)
        winner = order[shape, lowest.clamp(max=len(gts) - 1)]
        value = torch.where(table[shape, winner] >= self.ignore_iou_thr,
                            IGNORED, BACKGROUND)
        value = torch.where(positive[shape, winner], winner, value)
        return torch.where(empty, BACKGROUND, value)

    def _match_table(self, layout: PriorLayout, num_levels: int,
                     gts: Tensor) -> Tensor:
        """Match quality of every shape and box, (K, G)."""
        if self.match_shape:
            table = shape_iou(layout.shapes, gts[:, 2:4])
        else:
            table = gts.new_ones(len(layout.shapes), len(gts))
        if self.area_ranges is None:
            return table
        if len(self.area_ranges) != num_levels - 1:
            raise ValueError(
                f'{num_levels} levels need {num_levels - 1} area_ranges, '
                f'got {list(self.area_ranges)}')
        bounds = gts.new_tensor(self.area_ranges)
        level_of = torch.bucketize(gts[:, 2] * gts[:, 3], bounds)
        return table * (level_of == layout.levels[:, None])

    @staticmethod
    def _rank(table: Tensor, forced: Tensor,
              gts: Tensor) -> Tuple[Tensor, Tensor]:
        """Order of the boxes for each shape, by which conflicts end: forced
        ones first, then by IoU, then by small area.

        Returns:
            tuple[Tensor, Tensor]: Rank of each box, and the box of each
            rank, both (K, G).
        """
        by_area = (gts[:, 2] * gts[:, 3]).argsort(stable=True)
        key = (table + 2 * forced)[:, by_area]
        order = by_area[key.argsort(dim=1, descending=True, stable=True)]
        places = torch.arange(len(gts), device=order.device)
        return torch.empty_like(order).scatter_(
            1, order, places.expand_as(order)), order

    @staticmethod
    def _add_nearest(layout: PriorLayout, tiles: PointTiles, num_levels: int,
                     gts: Tensor, orphans: Tensor, best_shape: Tensor,
                     rank: Tensor, lowest: Tensor) -> None:
        """Let boxes compete at the location nearest to them.

        Args:
            layout (PriorLayout): The priors.
            tiles (PointTiles): Its locations.
            num_levels (int): Number of levels L.
            gts (Tensor): All boxes, (G, 5).
            orphans (Tensor): Indices of those without location, (O, ).
            best_shape (Tensor): Best shape of all boxes, (G, ).
            rank (Tensor): Their ranks, (K + 1, G).
            lowest (Tensor): Lowest rank in every slot, (U, J); changed.
        """
        if not len(orphans):
            return
        level = layout.levels[best_shape[orphans]]
        # Slots without a prior are of a level of their own, the last.
        levels = F.pad(layout.levels, (0, 1), value=num_levels)
        slot_level = levels[layout.slots]
        on_level = torch.zeros(
            len(slot_level), num_levels + 1, dtype=torch.bool,
            device=slot_level.device).scatter_(1, slot_level, True)
        nearest = tiles.nearest(gts[orphans, :2], on_level, level)
        found = rank[layout.slots[nearest], orphans[:, None]]
        found = torch.where(slot_level[nearest] == level[:, None], found,
                            len(gts))
        lowest.scatter_reduce_(0, nearest[:, None].expand_as(found), found,
                               'amin')
