"""Eq. 2 of GCN-FSOD for all classes at once, as one batch of products.

The same values as :mod:`.correspondence`, without a loop over the classes,
so that a traced graph takes any number of them. Takes memory for all of
them together.
"""
from typing import Optional

import torch
from torch import Tensor

from .affinity import DISTANCES, EPS, Distance, embed_nodes, mirror
from .correspondence import Temperature


def _embed(nodes: Tensor, distance: Distance) -> Tensor:
    """(k, m, C) nodes to (k, m, C + 2) embedded ones."""
    flat = embed_nodes(nodes.flatten(0, 1), distance)
    return flat.reshape(nodes.shape[0], nodes.shape[1], flat.shape[1])


def _affinity(rows: Tensor, cols: Tensor, squared: bool,
              temperature: Temperature, same: bool = False) -> Tensor:
    """(..., r, c) affinities of embedded nodes; 1 on the diagonal of the
    ``same`` nodes."""
    left = mirror(rows.flatten(0, -2)).reshape(rows.shape)
    distances = left @ cols.transpose(-1, -2)
    near = distances <= EPS
    if same:
        place = torch.arange(rows.shape[-2], device=rows.device)
        near = near | (place[:, None] == place)
    distances = distances.masked_fill(near, 0.)
    if not squared:
        distances = distances.sqrt()
    return (distances * (-1 / temperature)).exp()


def batched_correspondence(query: Tensor,
                           supports: Tensor,
                           theta1: Tensor,
                           theta2: Tensor,
                           distance: Distance,
                           temperature: Temperature,
                           valid: Optional[Tensor] = None,
                           mark: Optional[Tensor] = None) -> Tensor:
    """The local correspondences of k classes with one query.

    Args:
        query (Tensor): (n, C) cells of the query.
        supports (Tensor): (k, m, C) cells of the supports.
        theta1 (Tensor): (C, C1) weights of the first layer.
        theta2 (Tensor): (C1, C2) weights of the second layer.
        distance (str): See :func:`~.affinity.affinity`.
        temperature (float or Tensor): T of Eq. 1.
        valid (Tensor, optional): (n,) whether a cell of the query is a node
            of the graph; L is 0 where not.
        mark (Tensor, optional): (2, C1), for query and supports, see
            :mod:`.correspondence`.

    Returns:
        Tensor: (k, n, C2) local correspondence L.
    """
    squared = DISTANCES[distance]
    inner = embed_nodes(query, distance)
    outer = _embed(supports, distance)
    kernel = _affinity(inner, inner, squared, temperature, same=True)
    cross = _affinity(inner, outer, squared, temperature)
    own = _affinity(outer, outer, squared, temperature, same=True)
    if valid is not None:
        weight = valid.to(kernel)[:, None]
        kernel, cross = kernel * weight * weight.t(), cross * weight
    degree = kernel.sum(1, keepdim=True) + cross.sum(2, keepdim=True)
    p = degree.clamp(min=EPS).rsqrt()
    if valid is not None:
        p = p * weight
    back = cross.transpose(1, 2)
    s = (back.sum(2, keepdim=True) + own.sum(2, keepdim=True)).rsqrt()
    x, y = query @ theta1, supports @ theta1
    if mark is not None:
        x, y = x + mark[0], y + mark[1]
    x, y = p * x, s * y
    hidden = (p * (kernel @ x + cross @ y)).relu()
    other = (s * (back @ x + own @ y)).relu()
    mixed = p * (kernel @ (p * hidden) + cross @ (s * other))
    return (mixed @ theta2).relu()
