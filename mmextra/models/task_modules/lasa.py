"""Locality-aware score alignment of LARSD (Sec. II-C, Fig. 5 and 6)."""
from functools import lru_cache
from typing import (
    List,
    Literal,
    Optional,
    Sequence,
    Tuple,
    Union,
    get_args,
)

import torch
from torch import Tensor, nn

from mmextra.utils import register_in_both
from mmextra.utils.checks import check_choice

# Not in the paper: how far from the centre its points lie. 2/3 puts the
# rectangle's points on the cell centres of a 3x3 partition of the box, 0.8
# puts the diamonds' on those of a 5x5 partition.
Pattern = Literal['rect9', 'diamond5', 'diamond9', 'diamond13']
DEFAULT_EXTENTS = dict(
    rect9=2 / 3, diamond5=0.8, diamond9=0.8, diamond13=0.8)
LASAMode = Literal['replace', 'geomean']
MODES = get_args(LASAMode)
Offset = Union[float, Sequence[Tuple[float, float]]]


def lasa_points(pattern: Pattern, extent: Optional[float] = None) -> Tensor:
    """Sampling points as fractions of a box's half sides (Fig. 6).

    Args:
        pattern (str): 'rect9' (a 3x3 grid), 'diamond5' (centre and four
            vertices), 'diamond9' (and the middles of the diamond's sides)
            or 'diamond13' (and the middles between centre and vertices).
        extent (float, optional): Distance of the outermost points, 1 lies
            on the box's sides.

    Returns:
        Tensor: (ox, oy), shape (P, 2); the first is not always the centre.

    Raises:
        ValueError: If the pattern is unknown or the extent not in (0, 1].
    """
    check_choice('LASA pattern', pattern, Pattern)
    if extent is None:
        extent = DEFAULT_EXTENTS[pattern]
    if not 0 < extent <= 1:
        raise ValueError(f'LASA extent must be in (0, 1], got {extent}')
    points: List[Tuple[float, float]]
    if pattern == 'rect9':
        points = [(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    else:
        points = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]
        if pattern != 'diamond5':
            points += [(x, y) for x in (.5, -.5) for y in (.5, -.5)]
        if pattern == 'diamond13':
            points += [(.5, 0), (-.5, 0), (0, .5), (0, -.5)]
    return torch.tensor(points, dtype=torch.float32) * extent


@lru_cache(maxsize=32)
@torch.inference_mode(False)  # or training could not use what is kept
def _layout(shapes: Tuple[Tuple[int, int, int], ...],
            strides: Tuple[Tuple[float, float], ...],
            offsets: Tuple[Tuple[float, float], ...],
            device: torch.device) -> Tuple[Tensor, Tensor, Tensor]:
    """Where the maps of all levels lie, one behind the other.

    Kept, because on a GPU every constant costs a transfer.

    Args:
        shapes (tuple[tuple]): (C_l, H_l, W_l) of each level.
        strides (tuple[tuple]): (x, y) stride of each level in pixels.
        offsets (tuple[tuple]): (x, y) of each level, in cells.
        device (torch.device): Place of the results.

    Returns:
        tuple[Tensor]: Height, width and first element of each level, shape
        (L, 3), in integers, for float32 counts to 2^24 only; the strides
        and the offsets, shape (L, 2).
    """
    first, rows = 0, []
    for channels, height, width in shapes:
        rows.append((height, width, first))
        first += channels * height * width
    return (torch.tensor(rows, dtype=torch.long, device=device),
            torch.tensor(strides, dtype=torch.float32, device=device),
            torch.tensor(offsets, dtype=torch.float32, device=device))


def _traced_sizes(maps: Sequence[Tensor]) -> Tensor:
    """The integers of :func:`_layout` for maps of any size."""
    rows, first = [], torch.zeros((), dtype=torch.long)
    for each in maps:
        height, width = (torch.as_tensor(side) for side in each.shape[1:])
        rows.append(torch.stack([height, width, first]))
        first = first + len(each) * height * width
    return torch.stack(rows)


def lasa_scores(maps: Sequence[Tensor], boxes: Tensor, level_idx: Tensor,
                channel_idx: Tensor, strides: Sequence[Tuple[float, float]],
                offset: Offset, points: Tensor) -> Tensor:
    """Mean of a score map at points inside boxes, sampled bilinearly.

    Every box reads one channel of one level's map. Samples outside a map
    take the value at its border. A box that is not finite has no points,
    and the score 0.

    Args:
        maps (Sequence[Tensor]): Scores of each level, shape (C_l, H_l, W_l).
        boxes (Tensor): (cx, cy, w, h, angle), shape (M, 5), in pixels of
            the network's input and radians.
        level_idx (Tensor): Level of each box, shape (M, ), long.
        channel_idx (Tensor): Channel of each box, shape (M, ), long.
        strides (Sequence[tuple]): (x, y) stride of each level in pixels.
        offset (float or Sequence[tuple]): Where in its cell a map's value
            belongs: value (i, j) stands at ``((j + offset) * stride,
            (i + offset) * stride)``. One number, or (x, y) of each level.
        points (Tensor): See :func:`lasa_points`, shape (P, 2).

    Returns:
        Tensor: Mean of the P samples, shape (M, ).
    """
    offsets = ((offset, offset), ) * len(maps) if isinstance(
        offset, (int, float)) else tuple(map(tuple, offset))
    layout, stride, shift = _layout(
        tuple((len(m), int(m.shape[1]), int(m.shape[2])) for m in maps),
        tuple(map(tuple, strides)), offsets, boxes.device)
    if torch.jit.is_tracing():
        layout = _traced_sizes(maps)
    flat = torch.cat([m.reshape(-1) for m in maps]).to(boxes.dtype)
    height, width, first = layout[level_idx].unbind(-1)
    plane = first + channel_idx * height * width
    stride = stride.to(boxes.dtype)[level_idx]
    shift_x, shift_y = shift.to(boxes.dtype)[level_idx, :, None].unbind(1)

    finite = boxes.isfinite().all(dim=1)
    boxes = torch.where(finite[:, None], boxes, torch.zeros_like(boxes))
    cx, cy, w, h, angle = boxes[:, :, None].unbind(1)
    points = points.to(boxes)
    x, y = points[:, 0] * w / 2, points[:, 1] * h / 2
    cos, sin = angle.cos(), angle.sin()
    last_u, last_v = (width - 1)[:, None], (height - 1)[:, None]
    u = (cx + x * cos - y * sin) / stride[:, :1] - shift_x
    v = (cy + x * sin + y * cos) / stride[:, 1:] - shift_y
    u = torch.min(u.clamp(min=0), last_u.to(u))
    v = torch.min(v.clamp(min=0), last_v.to(v))
    left, top = u.long(), v.long()
    right = torch.min(left + 1, last_u)
    bottom = torch.min(top + 1, last_v)
    du, dv = u - left, v - top
    upper = plane[:, None] + top * width[:, None]
    lower = plane[:, None] + bottom * width[:, None]
    samples = ((1 - dv) * ((1 - du) * flat[upper + left] +
                           du * flat[upper + right]) +
               dv * ((1 - du) * flat[lower + left] +
                     du * flat[lower + right]))
    return torch.where(finite, samples.mean(dim=1), samples.new_zeros(()))


@register_in_both('MODELS')
class LocalityAwareScoreAlign(nn.Module):
    """Score a box by the score map under it, not by one location.

    It has no parameters, needs no training and works on any dense head with
    sigmoid scores (:class:`mmextra.models.dense_heads.LASAMixin`).

    Args:
        pattern (str): Name of the sampling points, see
            :func:`lasa_points`.
        extent (float, optional): Their extent; None takes the pattern's
            own.
        mode (str): 'replace' takes the mean of the samples as the score, as
            the paper says. Not in the paper: 'geomean', the square root of
            its product with the raw score, which a box that is too small
            cannot exploit.
        min_score (float, optional): Drop boxes with a lower aligned score;
            None takes the head's ``score_thr``.

    Raises:
        ValueError: If pattern, extent or mode is not legal.
    """

    def __init__(self,
                 pattern: Pattern = 'diamond9',
                 extent: Optional[float] = None,
                 mode: LASAMode = 'replace',
                 min_score: Optional[float] = None) -> None:
        super().__init__()
        check_choice('LASA mode', mode, LASAMode)
        self.points: Tensor
        self.mode = mode
        self.min_score = min_score
        self.register_buffer(
            'points', lasa_points(pattern, extent), persistent=False)

    def forward(self, maps: List[Tensor], boxes: Tensor, raw_scores: Tensor,
                level_idx: Tensor, channel_idx: Tensor,
                strides: Sequence[Tuple[float, float]],
                offset: Offset) -> Tensor:
        """Aligned scores.

        Args:
            maps (list[Tensor]): See :func:`lasa_scores`.
            boxes (Tensor): See :func:`lasa_scores`, shape (M, 5).
            raw_scores (Tensor): Score of each box at its own location,
                shape (M, ).
            level_idx (Tensor): See :func:`lasa_scores`.
            channel_idx (Tensor): See :func:`lasa_scores`.
            strides (Sequence[tuple]): See :func:`lasa_scores`.
            offset (float or Sequence[tuple]): See :func:`lasa_scores`.

        Returns:
            Tensor: Shape (M, ).
        """
        aligned = lasa_scores(maps, boxes, level_idx, channel_idx, strides,
                              offset, self.points)
        if self.mode == 'geomean':
            aligned = (aligned * raw_scores).sqrt()
        return aligned
