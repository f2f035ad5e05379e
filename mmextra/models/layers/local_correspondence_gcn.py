"""The graph convolution of GCN-FSOD's lcRPN as a module."""
import math
from typing import Callable, Dict, List, Literal, Optional, Sequence, Union

import torch
from mmdet.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmextra.utils.checks import check_choice

from .affinity import Distance
from .batched_correspondence import batched_correspondence
from .correspondence import (
    block_correspondence,
    dense_correspondence,
    shared_correspondence,
)

CLASS_CHUNKS = dict(cache=1, stream=4)
Implementation = Literal['auto', 'dense', 'cache', 'stream', 'block']


def gcn_costs(n: int, m: int, k: int, in_channels: int,
              gcn_channels: Sequence[int]) -> Dict[str, int]:
    """Multiply-accumulates of the correspondence of k classes.

    Args:
        n (int): Cells of the query.
        m (int): Cells of each support.
        k (int): Classes.
        in_channels (int): C of the nodes.
        gcn_channels (Sequence[int]): Widths C1, C2 of the two layers.

    Returns:
        dict[str, int]: ``naive``, one whole matrix per class, and
        ``shared``, with the query's block evaluated once.
    """
    c, (c1, c2) = in_channels, gcn_channels
    nodes, narrow = n + m, min(c1, c2)
    naive = k * (nodes**2 * (c + c1 + narrow) + nodes * c1 * (c + c2))
    shared = (n**2 * c + k * (n * m + m**2) * c + (n + k * m) * c * c1 + k *
              nodes**2 * c1 + k * ((n**2 + n * m) * narrow + n * c1 * c2))
    return dict(naive=naive, shared=shared)


@MODELS.register_module()
class LocalCorrespondenceGCN(BaseModule):
    """Local correspondence of a query with supports, by two graph layers.

    Section 3.1, Eq. 1 and 2. All implementations give the same values and
    gradients up to rounding:

    - ``'dense'`` builds one (n + m)^2 matrix per class;
    - ``'cache'`` keeps the query's n^2 block once for all classes;
    - ``'stream'`` makes that block again, in rows, for every product;
    - ``'block'`` trains like ``'dense'`` but keeps nothing of size n^2
      (without gradient it is ``'stream'``);
    - ``'auto'``: with gradient ``'dense'`` as long as that takes at most
      ``dense_bytes``, else ``'block'``; without gradient ``'cache'`` as long
      as the block takes at most ``cache_bytes``, else ``'stream'``.

    It always computes in at least single precision, also under autocast.

    Not in the paper: the hidden width of 256 (the paper only says that L has
    as many channels as the query), the normalisation of the nodes in the
    distance, T, and that there are no biases.

    Args:
        in_channels (int): C of the nodes.
        gcn_channels (Sequence[int]): Widths of the two layers.
        distance (str): See :func:`~.affinity.affinity`.
        temperature (float): T of Eq. 1.
        learnable_temperature (bool): Learn T, starting there.
        impl (str): See above.
        detach_affinity (bool): No gradient through the adjacency matrix.
        origin_mark (float): Tell each node whether it is the query's or the
            support's, by learnt vectors added in the first layer. At the
            start they are opposite, their numbers of this standard
            deviation, best some times that of ``nodes @ theta1``; 0: no
            mark. Without one L averages nodes that resemble each other
            whatever their origin, and hardly tells whether the support is
            among them. Not in the paper.
        cache_bytes (int): See above. ``'block'`` keeps a matrix within a
            pass as long as it is not larger.
        dense_bytes (int): See above.
        block_size (int): Rows that are made at a time.
        class_chunk (int, optional): Classes that are multiplied at a time. If
            not given 1, to save memory, but 4 for ``'stream'``, where each
            product makes the query's block again.
        init_cfg (dict, optional): Xavier-uniform if not given.

    Raises:
        ValueError: If an argument is illegal.
    """

    def __init__(self,
                 in_channels: int = 1024,
                 gcn_channels: Sequence[int] = (256, 1024),
                 *,
                 distance: Distance = 'unit',
                 temperature: float = 0.1,
                 learnable_temperature: bool = False,
                 impl: Implementation = 'auto',
                 detach_affinity: bool = False,
                 origin_mark: float = 0.,
                 cache_bytes: int = 256 * 2**20,
                 dense_bytes: int = 2 * 2**30,
                 block_size: int = 512,
                 class_chunk: Optional[int] = None,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg)
        check_choice('distance', distance, Distance)
        check_choice('impl', impl, Implementation)
        if not temperature > 0:
            raise ValueError(f'temperature must be positive, got '
                             f'{temperature}')
        if learnable_temperature and detach_affinity:
            raise ValueError('learnable_temperature needs the gradient that '
                             'detach_affinity=True cuts off; choose one')
        if origin_mark < 0:
            raise ValueError('origin_mark must be a standard deviation, or 0 '
                             f'for none, got {origin_mark}')
        if len(gcn_channels) != 2:
            raise ValueError('gcn_channels must be the widths of the two '
                             f'layers, got {tuple(gcn_channels)}')
        self.in_channels = in_channels
        self.out_channels = gcn_channels[1]
        self.distance = distance
        self.impl = impl
        self.detach_affinity = detach_affinity
        self.cache_bytes = cache_bytes
        self.dense_bytes = dense_bytes
        self.block_size = block_size
        self.class_chunk = class_chunk
        # Parameters, so that no initialiser of convolutions reaches them.
        self.theta1 = nn.Parameter(torch.empty(in_channels, gcn_channels[0]))
        self.theta2 = nn.Parameter(torch.empty(*gcn_channels))
        self.origin_mark = origin_mark
        self.mark = nn.Parameter(torch.empty(2, gcn_channels[0])) \
            if origin_mark else None
        self.log_temperature = nn.Parameter(
            torch.tensor(math.log(temperature))
        ) if learnable_temperature else None
        self._temperature = temperature
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights Xavier-uniformly, the marks from a normal one."""
        nn.init.xavier_uniform_(self.theta1)
        nn.init.xavier_uniform_(self.theta2)
        if self.mark is not None:
            with torch.no_grad():
                nn.init.normal_(self.mark[1], std=self.origin_mark)
                self.mark[0] = -self.mark[1]

    def init_weights(self) -> None:
        """Initialise, by ``init_cfg`` where it is given."""
        self.reset_parameters()
        super().init_weights()

    @property
    def temperature(self) -> Union[float, Tensor]:
        """T of Eq. 1."""
        if self.log_temperature is None:
            return self._temperature
        return self.log_temperature.exp()

    def choose(self, query: int, supports: Sequence[int],
               itemsize: int = 4) -> str:
        """The implementation that a call uses.

        Args:
            query (int): Number of query nodes.
            supports (Sequence[int]): Numbers of support nodes per class.
            itemsize (int): Bytes per number.

        Returns:
            str: One of ``'dense'``, ``'cache'``, ``'stream'``, ``'block'``.
        """
        if self.impl not in ('auto', 'block'):
            return self.impl
        if not torch.is_grad_enabled():
            small = itemsize * query**2 <= self.cache_bytes
            return 'cache' if self.impl == 'auto' and small else 'stream'
        dense = sum(5 * itemsize * (query + m)**2 for m in supports)
        return 'dense' if self.impl == 'auto' and \
            dense <= self.dense_bytes else 'block'

    def forward_batch(self, query_nodes: Tensor, support_nodes: Tensor,
                      valid: Optional[Tensor] = None) -> Tensor:
        """As :meth:`forward`, of supports of one size in one batch.

        Args:
            query_nodes (Tensor): (n, C) cells of the query.
            support_nodes (Tensor): (k, m, C) cells of the supports.
            valid (Tensor, optional): (n,) which cells are nodes.

        Returns:
            Tensor: (k, n, C_out) local correspondence L.
        """
        return batched_correspondence(
            query_nodes.float(), support_nodes.float(), self.theta1.float(),
            self.theta2.float(), self.distance, self.temperature, valid,
            None if self.mark is None else self.mark.float())

    def forward(
            self,
            query_nodes: Tensor,
            support_nodes: List[Tensor],
            project: Optional[Callable[[Tensor], Tensor]] = None) -> Tensor:
        """Local correspondence of one query with each of k supports.

        Args:
            query_nodes (Tensor): (n, C), row-major cells of the query.
            support_nodes (list[Tensor]): k tensors (m_c, C), the cells of
                each support; their order does not matter.
            project (Callable, optional): Applied to the (1, n, C_out) result
                of each class; only what it returns is kept.

        Returns:
            Tensor: (k, n, C_out) local correspondence L, or what ``project``
            returns for all classes.
        """
        dtype = torch.promote_types(query_nodes.dtype, torch.float32)
        impl = self.choose(
            len(query_nodes), [len(nodes) for nodes in support_nodes],
            torch.finfo(dtype).bits // 8)
        with torch.autocast(query_nodes.device.type, enabled=False):
            query = query_nodes.to(dtype)
            supports = [nodes.to(dtype) for nodes in support_nodes]
            weights = self.theta1.to(dtype), self.theta2.to(dtype)
            setting = self.distance, self.temperature
            mark = None if self.mark is None else self.mark.to(dtype)
            if impl in ('cache', 'stream'):
                return shared_correspondence(
                    query, supports, *weights, *setting,
                    cached=impl == 'cache', block=self.block_size,
                    chunk=self.class_chunk or CLASS_CHUNKS[impl],
                    detach_affinity=self.detach_affinity, mark=mark,
                    project=project)
            results = []
            for support in supports:
                if impl == 'dense':
                    result = dense_correspondence(query, support, *weights,
                                                  *setting,
                                                  self.detach_affinity, mark)
                else:
                    nodes = len(query) + len(support)
                    result = block_correspondence(
                        query, support, *weights, *setting,
                        cached=nodes**2 * 4 <= self.cache_bytes,
                        block=self.block_size,
                        detach_affinity=self.detach_affinity, mark=mark)
                result = result[None]
                results.append(result if project is None else project(result))
            return torch.cat(results)
