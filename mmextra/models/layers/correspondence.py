"""Eq. 2 of GCN-FSOD, two graph convolutions, in four exact forms.

The graph of a query image and a class has the n cells of the query and the m
cells of the support as nodes, query first. With ``D = A 1`` and
``p = D^-1/2``::

    H1 = relu(p * A (p * V Th1))      L = relu((p * A (p * H1)) Th2)[:n]

``a_ii = 1`` is the self loop; no other is added. ``mark``, not in the paper,
adds one vector to ``V Th1`` of all cells of the query and another to those of
the support: Th1's rows of two more features of each node that tell where it
comes from, which do not enter A.
"""
from typing import Any, Callable, List, Optional, Tuple, Union

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.utils.checkpoint import checkpoint

from .affinity import (
    DISTANCES,
    EPS,
    Distance,
    embed_nodes,
    embedded_affinity,
    mirror,
)

Temperature = Union[float, Tensor]


def _inputs(query: Tensor, support: Tensor, theta1: Tensor,
            mark: Optional[Tensor]) -> Tensor:
    """(n + m, C1) what the first layer mixes."""
    inputs = torch.cat([query, support]) @ theta1
    if mark is None:
        return inputs
    return inputs + torch.cat([
        mark[:1].expand(len(query), -1), mark[1:].expand(len(support), -1)])


def dense_correspondence(query: Tensor, support: Tensor, theta1: Tensor,
                         theta2: Tensor, distance: Distance,
                         temperature: Temperature,
                         detach_affinity: bool = False,
                         mark: Optional[Tensor] = None) -> Tensor:
    """The local correspondence of one class, by its whole adjacency matrix.

    Args:
        query (Tensor): (n, C) cells of the query.
        support (Tensor): (m, C) cells of the support.
        theta1 (Tensor): (C, C1) weights of the first layer.
        theta2 (Tensor): (C1, C2) weights of the second layer.
        distance (str): See :func:`~.affinity.affinity`.
        temperature (float or Tensor): T of Eq. 1.
        detach_affinity (bool): No gradient through A.
        mark (Tensor, optional): (2, C1), for query and support, see above.

    Returns:
        Tensor: (n, C2) local correspondence L.
    """
    nodes = torch.cat([query, support])
    embedded = embed_nodes(nodes.detach() if detach_affinity else nodes,
                           distance)
    adjacency = embedded_affinity(
        embedded, embedded, DISTANCES[distance], temperature, diagonal=0)
    scale = adjacency.sum(1, keepdim=True).rsqrt()
    normalised = scale * adjacency * scale.t()
    hidden = (normalised @ _inputs(query, support, theta1, mark)).relu()
    return ((normalised[:len(query)] @ hidden) @ theta2).relu()


class QueryKernel:
    """The affinities among the cells of a query, shared by all classes.

    Args:
        embedded (Tensor): (n, C + 2) embedded cells.
        squared (bool): See :func:`~.affinity.embedded_affinity`.
        temperature (float or Tensor): T.
        cached (bool): Keep the n x n matrix. Otherwise blocks of its rows
            are made again for every product.
        block (int): Rows per block.
    """

    def __init__(self, embedded: Tensor, squared: bool,
                 temperature: Temperature, cached: bool, block: int) -> None:
        self.embedded = embedded
        self.squared = squared
        self.temperature = temperature
        self.block = block
        self.matrix = self._whole() if cached else None

    def _starts(self) -> range:
        return range(0, len(self.embedded), self.block)

    def _rows(self, start: int, out: Optional[Tensor] = None) -> Tensor:
        return embedded_affinity(
            self.embedded[start:start + self.block], self.embedded,
            self.squared, self.temperature, diagonal=start, out=out)

    def _whole(self) -> Tensor:
        if torch.is_grad_enabled():
            return torch.cat([self._rows(start) for start in self._starts()])
        number = len(self.embedded)
        matrix = self.embedded.new_empty(number, number)
        for start in self._starts():
            self._rows(start, matrix[start:start + self.block])
        return matrix

    def times(self, right: Tensor) -> Tensor:
        """The product with an (n, c) matrix."""
        if self.matrix is not None:
            return self.matrix @ right

        def part(start: int, right: Tensor) -> Tensor:
            return self._rows(start) @ right

        if not torch.is_grad_enabled():
            out = right.new_empty(len(self.embedded), right.shape[1])
            for start in self._starts():
                torch.mm(self._rows(start), right,
                         out=out[start:start + self.block])
            return out
        # Blocks are made once more in the backward pass, not kept.
        return torch.cat([
            checkpoint(part, start, right, use_reentrant=False)
            for start in self._starts()
        ])


def shared_correspondence(
        query: Tensor,
        supports: List[Tensor],
        theta1: Tensor,
        theta2: Tensor,
        distance: Distance,
        temperature: Temperature,
        cached: bool = True,
        block: int = 512,
        chunk: int = 1,
        detach_affinity: bool = False,
        mark: Optional[Tensor] = None,
        project: Optional[Callable[[Tensor], Tensor]] = None) -> Tensor:
    """The local correspondences of several classes with one query.

    In ``A = [[Q, K_c], [K_c^T, M_c]]`` the block Q of the query is the same
    for every class c. It is evaluated once, and multiplied with several
    classes at a time as columns of one matrix; so the result is that of
    :func:`dense_correspondence` up to rounding.

    Args:
        query (Tensor): (n, C) cells of the query.
        supports (list[Tensor]): (m_c, C) cells of each of k supports.
        theta1 (Tensor): (C, C1) weights of the first layer.
        theta2 (Tensor): (C1, C2) weights of the second layer.
        distance (str): See :func:`~.affinity.affinity`.
        temperature (float or Tensor): T of Eq. 1.
        cached (bool): Keep Q, ``n * n`` numbers; otherwise nothing of that
            size is kept and Q is made again twice per chunk.
        block (int): Rows of Q that are made at a time.
        chunk (int): Classes that are multiplied at a time.
        detach_affinity (bool): No gradient through A.
        mark (Tensor, optional): (2, C1), for query and support, see above.
        project (Callable, optional): Applied to the (1, n, C2) result of
            each class; only what it returns is kept.

    Returns:
        Tensor: (k, n, C2), or what ``project`` returns for all classes.
    """
    squared = DISTANCES[distance]
    embedded = embed_nodes(query.detach() if detach_affinity else query,
                           distance)
    kernel = QueryKernel(embedded, squared, temperature, cached, block)
    degrees = kernel.times(embedded.new_ones(len(query), 1))
    inputs = query @ theta1
    if mark is not None:
        inputs = inputs + mark[0]

    def several(supports: List[Tensor]) -> List[Tensor]:
        """Of one chunk; nothing of it stays but the results."""
        graphs = [
            _SupportSide(
                embedded, degrees,
                embed_nodes(support.detach() if detach_affinity else support,
                            distance),
                support @ theta1 if mark is None else
                support @ theta1 + mark[1], squared, temperature)
            for support in supports
        ]
        mixed = kernel.times(
            torch.cat([graph.p * inputs for graph in graphs], 1))
        hidden = [
            graph.first_layer(part, inputs) for graph, part in zip(
                graphs, mixed.split(inputs.shape[1], 1))
        ]
        mixed = kernel.times(
            torch.cat([graph.p * h for graph, (h, _) in zip(graphs, hidden)],
                      1))
        results = []
        for graph, part, (_, h) in zip(
                graphs, mixed.split(inputs.shape[1], 1), hidden):
            result = _positive(graph.second_layer(part, h) @ theta2)[None]
            results.append(result if project is None else project(result))
        return results

    outputs = []
    for first in range(0, len(supports), chunk):
        outputs += several(supports[first:first + chunk])
    return torch.cat(outputs)


def _positive(x: Tensor) -> Tensor:
    """ReLU, in place where no gradient wants the input."""
    return x.relu() if x.requires_grad else x.relu_()


class _SupportSide:
    """The blocks K and M of one class, and its products with them."""

    def __init__(self, query: Tensor, query_degrees: Tensor, nodes: Tensor,
                 inputs: Tensor, squared: bool,
                 temperature: Temperature) -> None:
        self.cross = embedded_affinity(query, nodes, squared, temperature)
        self.own = embedded_affinity(
            nodes, nodes, squared, temperature, diagonal=0)
        self.p = (query_degrees + self.cross.sum(1, keepdim=True)).rsqrt()
        self.s = (self.cross.sum(0)[:, None] +
                  self.own.sum(1, keepdim=True)).rsqrt()
        self.scaled = self.s * inputs

    def first_layer(self, mixed: Tensor,
                    inputs: Tensor) -> Tuple[Tensor, Tensor]:
        query = _positive(self.p * (mixed + self.cross @ self.scaled))
        support = _positive(self.s * (self.cross.t() @ (self.p * inputs) +
                                      self.own @ self.scaled))
        return query, support

    def second_layer(self, mixed: Tensor, support: Tensor) -> Tensor:
        return self.p * (mixed + self.cross @ (self.s * support))


class _BlockPropagation(torch.autograd.Function):
    """``Z = p * A (p * relu(p * A (p * X)))``, keeping nothing N x N.

    With ``u = p * dZ``, ``G = A u``, ``gY = (p * G) * [H > 0]``,
    ``v = p * gY`` and ``B = A v``::

        dX = p * B
        dp = sum(dZ * Z) / p + sum(G * H) + sum(gY * H) / p + sum(B * X)
        dA_ij = u_i . (p_j H_j) + v_i . (p_j X_j) - dp_i p_i^3 / 2

    There is no second derivative: ``backward`` through a gradient raises,
    as torch has it for what is differentiable once. Transforms of
    ``torch.func`` but ``vmap`` apply.
    """

    @staticmethod
    def forward(embedded: Tensor, inputs: Tensor, temperature: Tensor,
                squared: bool, cached: bool,
                block: int) -> Tuple[Tensor, Tensor, Tensor]:
        """Z, and for the backward pass alone p and H."""
        kernel = QueryKernel(embedded, squared, temperature, cached, block)
        p = kernel.times(inputs.new_ones(len(inputs), 1)).rsqrt()
        hidden = (p * kernel.times(p * inputs)).relu_()
        return p * kernel.times(p * hidden), p, hidden

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        result, p, hidden = output
        ctx.mark_non_differentiable(p, hidden)
        # Nothing but the result ever has a gradient.
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*inputs[:3], p, hidden, result)
        ctx.setting = inputs[3:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Optional[Tensor],
                 *_: Optional[Tensor]) -> Tuple[Optional[Tensor], ...]:
        if grad is None:
            return (None, ) * 6
        embedded, inputs, temperature, p, hidden, result = ctx.saved_tensors
        squared, cached, block = ctx.setting
        kernel = QueryKernel(embedded, squared, temperature, cached, block)
        u = p * grad
        back = kernel.times(u)
        grad_y = p * back * (hidden > 0)
        v = p * grad_y
        back_x = kernel.times(v)
        grad_inputs = p * back_x
        if not (ctx.needs_input_grad[0] or ctx.needs_input_grad[2]):
            return None, grad_inputs, None, None, None, None
        del kernel
        grad_p = ((grad * result + grad_y * hidden) / p + back * hidden +
                  back_x * inputs).sum(1, keepdim=True)
        left = torch.cat([u, v, -grad_p * p**3 / 2], 1)
        right = torch.cat([p * hidden, p * inputs, torch.ones_like(p)], 1)
        grad_embedded, grad_temperature = _affinity_gradients(
            embedded, left, right, squared, temperature, block)
        return (grad_embedded, grad_inputs,
                grad_temperature.reshape(temperature.shape), None, None, None)


def _affinity_gradients(embedded: Tensor, left: Tensor, right: Tensor,
                        squared: bool, temperature: Tensor,
                        block: int) -> Tuple[Tensor, Tensor]:
    """From ``dA = left @ right^T`` to the embedded nodes and T, by blocks."""
    total = torch.zeros_like(embedded)
    grad_temperature = embedded.new_zeros(())
    for start in range(0, len(embedded), block):
        rows = embedded[start:start + block]
        # One buffer: first the exponent's distance, then A, then d(d^2).
        distances = mirror(rows) @ embedded.t()
        distances.diagonal(start).fill_(0)
        torch.threshold_(distances, EPS, 0.)
        if not squared:
            distances.sqrt_()
        weights = (distances * (-1 / temperature)).exp_()
        weights.mul_(left[start:start + block] @ right.t())
        grad_temperature += (weights * distances).sum() / temperature**2
        if squared:
            weights.mul_(-1 / temperature).masked_fill_(distances == 0, 0)
        else:
            weights.mul_(-0.5 / temperature).div_(distances).masked_fill_(
                distances == 0, 0)
        total[start:start + block] += weights @ embedded
        total += weights.t() @ rows
    return mirror(total), grad_temperature


def block_correspondence(query: Tensor,
                         support: Tensor,
                         theta1: Tensor,
                         theta2: Tensor,
                         distance: Distance,
                         temperature: Temperature,
                         cached: bool = False,
                         block: int = 512,
                         detach_affinity: bool = False,
                         mark: Optional[Tensor] = None) -> Tensor:
    """As :func:`dense_correspondence`, by blocks in both directions.

    Nothing of size (n + m)^2 is kept between the forward and the backward
    pass.

    Args:
        query (Tensor): (n, C) cells of the query.
        support (Tensor): (m, C) cells of the support.
        theta1 (Tensor): (C, C1) weights of the first layer.
        theta2 (Tensor): (C1, C2) weights of the second layer.
        distance (str): See :func:`~.affinity.affinity`.
        temperature (float or Tensor): T of Eq. 1.
        cached (bool): Within each pass keep one (n + m)^2 matrix.
        block (int): Rows that are made at a time.
        detach_affinity (bool): No gradient through A.
        mark (Tensor, optional): (2, C1), for query and support, see above.

    Returns:
        Tensor: (n, C2) local correspondence L.
    """
    nodes = torch.cat([query, support])
    embedded = embed_nodes(nodes.detach() if detach_affinity else nodes,
                           distance)
    if not torch.is_tensor(temperature):
        temperature = nodes.new_full((), temperature)
    mixed, *_ = _BlockPropagation.apply(  # type: ignore[no-untyped-call]
        embedded, _inputs(query, support, theta1, mark), temperature,
        DISTANCES[distance], cached, block)
    return (mixed[:len(query)] @ theta2).relu()
