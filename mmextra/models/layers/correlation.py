"""Correlation of two maps over a window of displacements."""
from functools import lru_cache
from typing import Tuple

import torch
import torch.nn.functional as F
from torch import Tensor


@lru_cache(maxsize=32)
@torch.inference_mode(False)  # or training could not use what is kept
def _gather_index(height: int, width: int, displacement: int,
                  device: torch.device) -> Tuple[Tensor, Tensor]:
    """Where each displaced position lies, and which lie inside.

    Returns:
        tuple[Tensor, Tensor]: (h w, (2 d + 1)^2) flat indices of positions,
        and as many bools.
    """
    shift = torch.arange(-displacement, displacement + 1, device=device)
    y = torch.arange(height, device=device)[:, None] + shift
    x = torch.arange(width, device=device)[:, None] + shift
    # (h, w, 2 d + 1 vertically, 2 d + 1 horizontally)
    inside = (((y >= 0) & (y < height))[:, None, :, None]
              & ((x >= 0) & (x < width))[None, :, None])
    index = (y.clamp(0, height - 1) * width)[:, None, :, None] + \
        x.clamp(0, width - 1)[None, :, None]
    return index.reshape(height * width, -1), inside.reshape(
        height * width, -1)


def _by_product(first: Tensor, second: Tensor, displacement: int) -> Tensor:
    """One matrix product of all pairs of positions, then a gather."""
    n, _, height, width = first.shape
    pairs = torch.bmm(first.flatten(2).transpose(1, 2), second.flatten(2))
    index, inside = _gather_index(height, width, displacement, first.device)
    out = pairs.gather(2, index.expand(n, -1, -1)) * inside
    return out.transpose(1, 2).reshape(n, -1, height, width)


def _by_shifts(first: Tensor, second: Tensor, displacement: int) -> Tensor:
    """One product of the maps for each displacement."""
    height, width = first.shape[-2:]
    padded = F.pad(second, [displacement] * 4)
    side = 2 * displacement + 1
    return torch.stack([(first * padded[..., dy:dy + height,
                                        dx:dx + width]).sum(1)
                        for dy in range(side) for dx in range(side)], 1)


def _diagonals(pairs: Tensor, count: int) -> Tensor:
    """(a, b, c, i, j) to (a, b, c, i, count): ``pairs[..., i, i + k]``.

    A row of one element more shifts each row by one against the last; no
    indices, so that the size is free in a trace.
    """
    a, b, c, rows, columns = pairs.shape
    flat = F.pad(pairs.reshape(a, b, c, rows * columns), [0, rows])
    return flat.reshape(a, b, c, rows, columns + 1)[..., :count]


def _by_diagonals(first: Tensor, second: Tensor, displacement: int) -> Tensor:
    """One matrix product of all pairs of positions, of it the diagonals."""
    n, _, height, width = first.shape
    side = 2 * displacement + 1
    pairs = torch.bmm(first.flatten(2).transpose(1, 2), second.flatten(2))
    # (n, y, x, y + dy, x + dx) with x and x + dx, then y and y + dy, last.
    # Padded here, for a padded map would make the product three times as
    # large.
    pairs = F.pad(pairs.reshape(n, height, width, height, width),
                  [displacement] * 4)
    across = _diagonals(pairs.permute(0, 1, 3, 2, 4), side)
    out = _diagonals(across.permute(0, 3, 4, 1, 2), side)
    return out.permute(0, 4, 2, 3, 1).reshape(n, side**2, height, width)


def correlation(first: Tensor,
                second: Tensor,
                max_displacement: int = 4,
                normalize: bool = False) -> Tensor:
    """Mean product over the channels, for every displacement of ``second``.

    ``out[k, y, x] = mean_c first[c, y, x] * second[c, y + dy, x + dx]`` with
    ``k = (dy + d) (2 d + 1) + (dx + d)``, zero where the second position is
    outside. Small maps take one matrix product of all pairs of positions,
    large ones a product per displacement; the results are the same.

    Args:
        first (Tensor): (N, C, h, w).
        second (Tensor): (N, C, h, w).
        max_displacement (int): d, in positions.
        normalize (bool): Cosine of the two vectors of channels in place of
            their mean product.

    Returns:
        Tensor: (N, (2 d + 1)^2, h, w).
    """
    if normalize:
        first, second = F.normalize(first, dim=1), F.normalize(second, dim=1)
    else:
        # Before the product: in half precision the sum would overflow.
        scale = first.shape[1]**-0.5
        first, second = first * scale, second * scale
    positions = int(first.shape[-2]) * int(first.shape[-1])
    if positions > 4 * (2 * max_displacement + 1)**2:
        return _by_shifts(first, second, max_displacement)
    # A gather's places are constants, which a trace would keep for all sizes.
    small = _by_diagonals if torch.jit.is_tracing() else _by_product
    return small(first, second, max_displacement)
