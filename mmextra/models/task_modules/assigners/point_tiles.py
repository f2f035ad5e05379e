"""Points of a grid near boxes, without a table of all points and boxes."""
from typing import Tuple

import torch
from torch import Tensor

# Points that are looked at together: pieces of a row of a grid.
TILE = 32
# Rounding of the bounds, relative and in pixels.
SLACK, SLACK_PIXELS = 1e-5, 1e-2


class PointTiles:
    """Points in tiles, consecutive ones together.

    Boxes are compared with the tiles' bounds first and with the points of
    the tiles that they can meet only. Any order of the points gives the same
    results; rows of a grid give small tiles.

    Args:
        points (Tensor): (x, y), shape (N, 2), N > 0.
    """

    def __init__(self, points: Tensor) -> None:
        self.count = len(points)
        number = torch.arange(
            -(-self.count // TILE) * TILE, device=points.device)
        self.valid = (number < self.count).view(-1, TILE)
        self.number = number.clamp(max=self.count - 1).view(-1, TILE)
        # Surplus places repeat the last point.
        self.x, self.y = points[:, 0][self.number], points[:, 1][self.number]
        self.bounds = [bound[:, None] for part in (self.x, self.y)
                       for bound in (part.amin(1), part.amax(1))]

    def inside(self, boxes: Tensor) -> Tuple[Tensor, Tensor]:
        """Which points lie strictly inside which rotated boxes.

        Args:
            boxes (Tensor): (cx, cy, w, h, angle), shape (G, 5).

        Returns:
            tuple[Tensor, Tensor]: Indices of points and of boxes, both of
            shape (P, ), one entry per pair.
        """
        cx, cy, w, h, angle = boxes.unbind(-1)
        cos, sin = angle.cos(), angle.sin()
        left, right, top, bottom = self.bounds
        slack = (w + h) * SLACK + SLACK_PIXELS
        across = ((w * cos).abs() + (h * sin).abs()) / 2 + slack
        along = ((w * sin).abs() + (h * cos).abs()) / 2 + slack
        near = (cx + across >= left) & (cx - across <= right)
        near &= (cy + along >= top) & (cy - along <= bottom)
        tile, box = near.nonzero().unbind(-1)
        dx = self.x[tile] - cx[box, None]
        dy = self.y[tile] - cy[box, None]
        cos, sin = cos[box, None], sin[box, None]
        found = ((dx * cos + dy * sin).abs() < w[box, None] / 2)
        found &= ((dy * cos - dx * sin).abs() < h[box, None] / 2)
        found &= self.valid[tile]
        row, place = found.nonzero().unbind(-1)
        return tile[row] * TILE + place, box[row]

    def nearest(self, centres: Tensor, groups: Tensor,
                group: Tensor) -> Tensor:
        """The point of a group that is nearest to each of some places.

        Args:
            centres (Tensor): (x, y), shape (M, 2).
            groups (Tensor): Whether each point is in each group, (N, L)
                bool.
            group (Tensor): The group that each place asks for, which must
                not be empty, (M, ).

        Returns:
            Tensor: Indices of points, the first of equally near ones, (M, ).
        """
        member = groups[self.number] & self.valid[..., None]
        cx, cy = centres.unbind(-1)
        left, right, top, bottom = self.bounds
        least = torch.max(left - cx, cx - right).clamp_(min=0).square_()
        least += torch.max(top - cy, cy - bottom).clamp_(min=0).square_()
        least.masked_fill_(~member.any(1)[:, group], float('inf'))
        # What the likeliest tile has bounds what the others can better.
        places = torch.arange(len(centres), device=cx.device)
        bound = self._gaps(least.argmin(0), places, centres, member,
                           group).amin(1)
        tile, place = (least <= bound * (1 + SLACK) +
                       SLACK_PIXELS).nonzero().unbind(-1)
        gaps = self._gaps(tile, place, centres, member, group)
        smallest = torch.full_like(bound, float('inf')).scatter_reduce_(
            0, place, gaps.amin(1), 'amin')
        number = torch.where(gaps == smallest[place, None], self.number[tile],
                             self.count)
        return torch.full_like(places, self.count).scatter_reduce_(
            0, place, number.amin(1), 'amin')

    def _gaps(self, tile: Tensor, place: Tensor, centres: Tensor,
              member: Tensor, group: Tensor) -> Tensor:
        """Squared distances of places from the points of tiles, infinite
        for those of other groups, (Q, TILE)."""
        gaps = (self.x[tile] - centres[place, :1]).square_()
        gaps += (self.y[tile] - centres[place, 1:]).square_()
        return gaps.masked_fill_(~member[tile, :, group[place]],
                                 float('inf'))


def inside_pairs(points: Tensor, boxes: Tensor) -> Tuple[Tensor, Tensor]:
    """Which points lie strictly inside which rotated boxes.

    Args:
        points (Tensor): (x, y), shape (N, 2).
        boxes (Tensor): (cx, cy, w, h, angle), shape (G, 5).

    Returns:
        tuple[Tensor, Tensor]: Indices of points and of boxes, both of shape
        (P, ), one entry per pair.
    """
    return PointTiles(points).inside(boxes)
