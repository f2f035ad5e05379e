"""Where the priors of an image stand."""
from typing import List, NamedTuple, Tuple

import torch
from torch import Tensor

# Priors that differ by less, in pixels, are of one shape or at one place.
SHAPE_STEP = 1 / 16
# Two such coordinates in one integer.
KEY_STEP = 1 << 31


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


class PriorLayout(NamedTuple):
    """Where which prior shapes stand.

    A location has up to J slots for priors; those that it has no prior for
    hold the number of shapes, K, an index that no shape has.
    """

    points: Tensor  # (U, 2) locations (x, y)
    slots: Tensor  # (U, J) index of the shape in each slot, or K
    shapes: Tensor  # (K, 2) (w, h) of the shapes
    levels: Tensor  # (K, ) index of each shape's level

    @classmethod
    def from_levels(cls, points: List[Tensor],
                    shapes: List[Tensor]) -> 'PriorLayout':
        """Of lists of every level's locations (N_l, 2) and shapes (K_l, 2).

        Locations stand in the order of the levels, shapes in their slots
        from the first on.
        """
        counts = [len(level) for level in shapes]
        number, width, rows, first = sum(counts), max(counts), [], 0
        place = torch.arange(width, device=points[0].device)
        for level_points, count in zip(points, counts):
            row = torch.where(place < count, place + first, number)
            rows.append(row.expand(len(level_points), width))
            first += count
        levels = torch.cat([
            torch.full_like(level[:, 0], index, dtype=torch.long)
            for index, level in enumerate(shapes)])
        return cls(torch.cat(points), torch.cat(rows), torch.cat(shapes),
                   levels)

    @classmethod
    def from_priors(cls, priors: Tensor
                    ) -> Tuple['PriorLayout', Tensor, Tensor]:
        """Of a flat list of priors (n, 5) in any order; each shape is a
        level of its own.

        Returns:
            tuple: The layout, and for every prior its location and slot,
            both of shape (n, ).
        """
        # Coordinates of grid anchors are sums and differences of others:
        # equal shapes and places differ by rounding.
        keys = (priors[:, :4] / SHAPE_STEP).round().long()
        shape_keys, shape = torch.unique(
            keys[:, 2] * KEY_STEP + keys[:, 3], return_inverse=True)
        shapes = torch.stack([
            shape_keys.div(KEY_STEP, rounding_mode='floor'),
            shape_keys.remainder(KEY_STEP)], dim=-1).to(priors) * SHAPE_STEP
        place_keys, place = torch.unique(
            keys[:, 0] * KEY_STEP + keys[:, 1], return_inverse=True)
        # Places in the order of the list, on which ties depend.
        index = torch.arange(len(priors), device=priors.device)
        first = torch.full_like(place_keys, len(priors)).scatter_reduce_(
            0, place, index, 'amin')
        place = first.argsort().argsort()[place]
        order = place.argsort(stable=True)
        begin = torch.searchsorted(place[order], place[order])
        slot = torch.empty_like(place).scatter_(0, order, index - begin)
        width = int(slot.max()) + 1 if len(slot) else 1
        slots = shape.new_full((len(first), width), len(shapes))
        slots[place, slot] = shape
        layout = cls(priors[first.sort().values, :2], slots, shapes,
                     torch.arange(len(shapes), device=priors.device))
        return layout, place, slot
