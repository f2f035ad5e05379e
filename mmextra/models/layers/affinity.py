"""Eq. 1 of GCN-FSOD: how alike two nodes are, and what that does to a graph.

Every distance here is a bilinear form of embedded nodes, so one matrix
product gives all squared distances of two sets of nodes, and one
implementation serves all of them.
"""
import math
from typing import Dict, Literal, Optional, Tuple, Union

import torch
import torch.nn.functional as F
from torch import Tensor

from mmextra.utils.checks import check_choice

Distance = Literal['unit', 'printed', 'unit_sq', 'rel_sq']
# name: whether the exponent is the squared distance
DISTANCES: Dict[str, bool] = dict(
    unit=False, printed=False, unit_sq=True, rel_sq=True)
# Squared distances up to here are rounding: the distance is 0, and so is its
# gradient, which would be infinite.
EPS = 1e-12


def embed_nodes(nodes: Tensor, distance: Distance) -> Tensor:
    """Embed nodes so that a bilinear form gives their squared distances.

    With ``e = embed_nodes(v)`` the squared distance of i and j is
    ``mirror(e)[i] @ e[j]``:

    - ``'unit'``, ``'unit_sq'``: ``|v^_i - v^_j|^2 = 2 - 2 cos``;
    - ``'printed'``: ``(|v_i - v_j| / (|v_i| |v_j|))^2``, which is the
      distance of the inverse points ``v / |v|^2``;
    - ``'rel_sq'``: ``|v_i - v_j|^2 / (|v_i| |v_j|)``.

    Args:
        nodes (Tensor): (N, C) features, one row per node.
        distance (str): A key of ``DISTANCES``.

    Returns:
        Tensor: (N, C + 2) embedded nodes.

    Raises:
        ValueError: If the distance is unknown.
    """
    check_choice('distance', distance, Distance)
    norm = nodes.norm(dim=1, keepdim=True)
    # A node of zeros has no direction: it stays 0 and gets no gradient.
    inverse = torch.where(norm > EPS, 1 / norm.clamp_min(EPS),
                          torch.zeros_like(norm))
    unit = nodes * inverse
    if distance == 'rel_sq':
        return torch.cat([unit, inverse, norm], 1)
    if distance == 'printed':
        return torch.cat([unit * inverse, inverse**2,
                          torch.ones_like(norm)], 1)
    return F.pad(unit, (0, 2), value=1.)


def mirror(embedded: Tensor) -> Tensor:
    """The other side of the bilinear form, see :func:`embed_nodes`.

    Args:
        embedded (Tensor): (N, C + 2) embedded nodes.

    Returns:
        Tensor: (N, C + 2); the map is linear and its own adjoint.
    """
    return torch.cat([-2 * embedded[:, :-2], embedded[:, -1:],
                      embedded[:, -2:-1]], 1)


def _sides(rows: Tensor, cols: Tensor) -> Tuple[Tensor, Tensor]:
    """Both sides of the form; the smaller one is mirrored, to save room."""
    if len(rows) <= len(cols):
        return mirror(rows), cols
    return rows, mirror(cols)


def embedded_affinity(rows: Tensor,
                      cols: Tensor,
                      squared: bool,
                      temperature: Union[float, Tensor],
                      diagonal: Optional[int] = None,
                      out: Optional[Tensor] = None) -> Tensor:
    """Affinities ``exp(-d / T)`` between two sets of embedded nodes.

    Args:
        rows (Tensor): (r, C + 2) embedded nodes.
        cols (Tensor): (c, C + 2) embedded nodes.
        squared (bool): Whether the exponent is the squared distance.
        temperature (float or Tensor): T.
        diagonal (int, optional): ``rows[i]`` is the same node as
            ``cols[i + diagonal]``; its affinity is exactly 1.
        out (Tensor, optional): (r, c) where to write. Without gradient only.

    Returns:
        Tensor: (r, c) affinities in (0, 1].
    """
    if torch.is_grad_enabled() and (
            rows.requires_grad or cols.requires_grad or
            getattr(temperature, 'requires_grad', False)):
        left, right = _sides(rows, cols)
        distances = left @ right.t()
        if diagonal is not None:
            distances.diagonal(diagonal).fill_(0)
        # Its backward selects, so the infinite slope of the root at 0 is
        # left out instead of multiplied.
        distances = F.threshold(distances, EPS, 0.)
        if not squared:
            distances = distances.sqrt()
        return (distances * (-1 / temperature)).exp()
    with torch.no_grad():
        left, right = _sides(rows, cols)
        values = torch.mm(left, right.t(), out=out)
        if diagonal is not None:
            values.diagonal(diagonal).fill_(0)
        torch.threshold_(values, EPS, 0.)
        if not squared:
            values.sqrt_()
        return values.mul_(-1 / temperature).exp_()


def affinity(nodes: Tensor,
             distance: Distance = 'unit',
             temperature: Union[float, Tensor] = 0.1) -> Tensor:
    """The adjacency matrix A of Eq. 1.

    Not in the paper: the distance on normalised nodes. Eq. 1 as printed has
    the dimension of an inverse length, so that with features of norm R and
    T = 1 all affinities are about ``1 - sqrt(2) / R`` and every row of the
    normalised matrix is the mean of all nodes. ``'printed'`` gives Eq. 1 to
    the letter; its T has to absorb the norm, ``T = T_unit / R``.

    Args:
        nodes (Tensor): (N, C) features, one row per node.
        distance (str): A key of ``DISTANCES``.
        temperature (float or Tensor): T of Eq. 1, positive.

    Returns:
        Tensor: (N, N), symmetric, in (0, 1], the diagonal exactly 1.

    Raises:
        ValueError: If the distance is unknown.
    """
    embedded = embed_nodes(nodes, distance)
    return embedded_affinity(
        embedded, embedded, DISTANCES[distance], temperature, diagonal=0)


@torch.no_grad()
def affinity_stats(nodes: Tensor,
                   distance: Distance = 'unit',
                   temperature: Union[float, Tensor] = 0.1,
                   max_nodes: int = 2048) -> Dict[str, float]:
    """How far a graph spreads what it propagates.

    Not in the paper: it does not give its temperature. Too small a T makes A
    the identity, too large a T makes all nodes alike; this tells which.

    Args:
        nodes (Tensor): (N, C) features of query and support cells.
        distance (str): A key of ``DISTANCES``.
        temperature (float or Tensor): T.
        max_nodes (int): Take an evenly spaced part of more nodes.

    Returns:
        dict[str, float]: ``n_eff``, the exponential of the mean entropy of
        the rows of A over their number (1: everything is averaged, 1 / N:
        nothing is); ``mean_affinity`` off the diagonal; ``t_star``, the
        temperature at which the other nodes together weigh as much as the
        node itself, estimated as the median distance over ln N.
    """
    nodes = nodes[::-(-len(nodes) // max_nodes)].detach()
    number = len(nodes)
    matrix = affinity(nodes, distance, temperature)
    share = matrix / matrix.sum(1, keepdim=True)
    entropy = torch.special.entr(share).sum(1).mean()
    embedded = embed_nodes(nodes, distance)
    distances = (mirror(embedded) @ embedded.t()).clamp_min(0)
    if not DISTANCES[distance]:
        distances = distances.sqrt()
    others = ~torch.eye(number, dtype=torch.bool, device=nodes.device)
    return dict(
        n_eff=float(entropy.exp() / number),
        mean_affinity=float(matrix[others].mean()) if number > 1 else 1.,
        t_star=float(distances[others].median() / math.log(number))
        if number > 1 else 0.)
