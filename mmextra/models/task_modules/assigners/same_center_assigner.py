"""Label assignment of LARSD (Sec. II-B.2)."""
from typing import Any, List, Optional, Sequence, Tuple

import torch
from mmdet.models.task_modules.assigners import AssignResult, BaseAssigner
from mmdet.structures.bbox import get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor

from mmextra.utils import register_in_both

from ..coders import norm_angle_45

BACKGROUND, IGNORED = -1, -2
# Boxes tested at once against all locations; bounds the memory.
BOX_CHUNK = 128
# Priors that differ by less, in pixels, are of one shape.
SHAPE_STEP = 1 / 16


def shape_iou(shapes: Tensor, boxes_wh: Tensor) -> Tensor:
    """IoU of rectangles laid upon each other, centre on centre.

    Args:
        shapes (Tensor): (w, h) of priors, shape (K, 2).
        boxes_wh (Tensor): (w, h) of boxes, shape (G, 2).

    Returns:
        Tensor: Shape (K, G).
    """
    inner = torch.min(shapes[:, None], boxes_wh[None]).prod(-1)
    return inner / (shapes.prod(-1)[:, None] + boxes_wh.prod(-1) - inner)


def inside_pairs(points: Tensor, boxes: Tensor) -> Tuple[Tensor, Tensor]:
    """Which points lie strictly inside which rotated boxes.

    Args:
        points (Tensor): (x, y), shape (N, 2).
        boxes (Tensor): (cx, cy, w, h, angle), shape (G, 5).

    Returns:
        tuple[Tensor, Tensor]: Indices of points and of boxes, both of shape
        (P, ), one entry per pair.
    """
    found = []
    for first in range(0, len(boxes), BOX_CHUNK):
        cx, cy, w, h, angle = boxes[first:first + BOX_CHUNK].unbind(-1)
        dx, dy = points[:, :1] - cx, points[:, 1:] - cy
        cos, sin = angle.cos(), angle.sin()
        inside = (((dx * cos + dy * sin).abs() < w / 2) &
                  ((dy * cos - dx * sin).abs() < h / 2))
        point, box = inside.nonzero().unbind(-1)
        found.append((point, box + first))
    if not found:
        empty = torch.zeros(0, dtype=torch.long, device=points.device)
        return empty, empty
    return (torch.cat([point for point, _ in found]),
            torch.cat([box for _, box in found]))


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
                      gt_bboxes_ignore: Optional[Tensor] = None
                      ) -> List[Tensor]:
        """Assign all locations and shapes of one image.

        Args:
            points (list[Tensor]): Locations of each level, shape (N_l, 2).
            shapes (list[Tensor]): (w, h) of each level's priors, (K_l, 2).
            gt_bboxes (Tensor): (cx, cy, w, h, angle), shape (G, 5).
            gt_bboxes_ignore (Tensor, optional): Boxes inside of which
                nothing is background, shape (I, 5).

        Returns:
            list[Tensor]: Per level, shape (N_l, K_l): index of the box,
            or -1 for background, or -2 for ignored.
        """
        gts = norm_angle_45(gt_bboxes)
        tables = self._match_tables(shapes, gts)
        best = torch.stack([table.amax(0) for table in tables])
        best_level = best.argmax(0) if len(gts) else best.new_zeros(0).long()
        forced = [torch.zeros_like(table, dtype=torch.bool)
                  for table in tables]
        if self.match_low_quality:
            for gt in (best.amax(0) <= self.pos_iou_thr).nonzero().flatten():
                level = int(best_level[gt])
                forced[level][tables[level][:, gt].argmax(), gt] = True

        seeds = gts.clone()
        seeds[:, 2:4] *= self.shrink
        pairs = []
        for level_points, table, force in zip(points, tables, forced):
            used = ((table >= self.ignore_iou_thr) | force).any(0)
            used = used.nonzero().flatten()
            point, box = inside_pairs(level_points, seeds[used])
            pairs.append((point, used[box]))
        if self.ensure_location:
            self._add_nearest(points, gts, tables, forced, best_level, pairs)

        assigned = [
            self._resolve(len(level_points), table, force, pair, gts)
            for level_points, table, force, pair in zip(
                points, tables, forced, pairs)
        ]
        if gt_bboxes_ignore is not None and len(gt_bboxes_ignore):
            for level_points, result in zip(points, assigned):
                point, _ = inside_pairs(level_points, gt_bboxes_ignore)
                rows = result[point]
                result[point] = rows.masked_fill(rows == BACKGROUND, IGNORED)
        return assigned

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
        gt_bboxes = get_box_tensor(gt_instances.bboxes)
        ignore = None
        if gt_instances_ignore is not None:
            ignore = get_box_tensor(gt_instances_ignore.bboxes)
        # Sizes of grid anchors are differences of coordinates: equal shapes
        # differ by rounding.
        shapes, group = torch.unique(
            (priors[:, 2:4] / SHAPE_STEP).round(), dim=0,
            return_inverse=True)
        shapes = shapes * SHAPE_STEP
        members = [(group == i).nonzero().flatten()
                   for i in range(len(shapes))]
        results = self.assign_levels(
            [priors[member, :2] for member in members],
            list(shapes[:, None]), gt_bboxes, ignore)

        assigned = priors.new_full((len(priors), ), BACKGROUND).long()
        overlaps = priors.new_zeros(len(priors))
        table = shape_iou(shapes, norm_angle_45(gt_bboxes)[:, 2:4])
        for i, (member, result) in enumerate(zip(members, results)):
            result = result.flatten()
            assigned[member] = result
            positive = result >= 0
            overlaps[member[positive]] = table[i, result[positive]]
        labels = assigned.new_full((len(priors), ), -1)
        positive = assigned >= 0
        labels[positive] = gt_instances.labels[assigned[positive]]
        gt_inds = assigned + 1
        gt_inds[assigned == IGNORED] = -1
        return AssignResult(len(gt_bboxes), gt_inds, overlaps, labels)

    def _match_tables(self, shapes: List[Tensor],
                      gts: Tensor) -> List[Tensor]:
        """Match quality of every shape and box, (K_l, G) per level."""
        if self.match_shape:
            tables = [shape_iou(level, gts[:, 2:4]) for level in shapes]
        else:
            tables = [gts.new_ones(len(level), len(gts)) for level in shapes]
        if self.area_ranges is None:
            return tables
        if len(self.area_ranges) != len(shapes) - 1:
            raise ValueError(
                f'{len(shapes)} levels need {len(shapes) - 1} area_ranges, '
                f'got {list(self.area_ranges)}')
        bounds = gts.new_tensor(self.area_ranges)
        level_of = torch.bucketize(gts[:, 2] * gts[:, 3], bounds)
        return [table * (level_of == level)
                for level, table in enumerate(tables)]

    def _add_nearest(self, points: List[Tensor], gts: Tensor,
                     tables: List[Tensor], forced: List[Tensor],
                     best_level: Tensor,
                     pairs: List[Tuple[Tensor, Tensor]]) -> None:
        """Append the nearest location for boxes that have none."""
        has_location = torch.zeros(
            len(gts), dtype=torch.bool, device=gts.device)
        owned = torch.zeros_like(has_location)
        for table, force, (_, box) in zip(tables, forced, pairs):
            owns = ((table > self.pos_iou_thr) | force).any(0)
            owned |= owns
            has_location[box] |= owns[box]
        for gt in (owned & ~has_location).nonzero().flatten():
            level = int(best_level[gt])
            gap = (points[level] - gts[gt, :2]).square().sum(-1)
            point, box = pairs[level]
            pairs[level] = (torch.cat([point, gap.argmin()[None]]),
                            torch.cat([box, gt[None]]))

    def _resolve(self, num_points: int, table: Tensor, forced: Tensor,
                 pair: Tuple[Tensor, Tensor], gts: Tensor) -> Tensor:
        """Settle the conflicts of one level, by rank.

        Boxes are ranked for each prior shape: forced ones first, then by
        IoU, then by small area. The lowest rank at a location wins, which
        needs one scatter and no loop over boxes.
        """
        num_shapes, num_gts = table.shape
        result = torch.full((num_points, num_shapes), BACKGROUND,
                            dtype=torch.long, device=table.device)
        point, box = pair
        if len(point) == 0:
            return result
        by_area = (gts[:, 2] * gts[:, 3]).argsort(stable=True)
        key = (table + 2 * forced)[:, by_area]
        order = by_area[key.argsort(dim=1, descending=True, stable=True)]
        rank = torch.empty_like(order).scatter_(
            1, order, torch.arange(num_gts, device=order.device).expand_as(
                order))
        lowest = torch.full_like(result, num_gts).scatter_reduce_(
            0, point[:, None].expand(-1, num_shapes), rank[:, box].t(),
            'amin')
        location, shape = (lowest < num_gts).nonzero().unbind(-1)
        winner = order[shape, lowest[location, shape]]
        iou = table[shape, winner]
        value = torch.full_like(winner, BACKGROUND)
        value[iou >= self.ignore_iou_thr] = IGNORED
        positive = (iou > self.pos_iou_thr) | forced[shape, winner]
        value[positive] = winner[positive]
        result[location, shape] = value
        return result
