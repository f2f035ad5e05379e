"""The attentive detection head of GCN-FSOD."""
from typing import Literal, Optional, Tuple

import torch
from mmdet.registry import MODELS
from torch import Tensor, nn

from mmextra.utils.checks import check_choice

from ...layers.support import (
    RegWeights,
    channel_activation,
    regression_weights,
)
from .comparison_bbox_head import ComparisonBBoxHead
from .roi_tower import EdgeTower, RoITower

RegBranch = Literal['category_attentive', 'stacked']
Tower = Literal['pooled', 'edges']
Reduction = Literal['sum', 'mean', 'cosine']
LocalStart = Literal['random', 'similarity']


def global_matching_vector(query: Tensor, support: Tensor) -> Tensor:
    """Both features' means, the support's first (section 3.2).

    Args:
        query (Tensor): (N, C, h, w).
        support (Tensor): (N or 1, C, h, w).

    Returns:
        Tensor: (N, 2 C).
    """
    means = support.mean((2, 3)).expand(query.shape[0], -1)
    return torch.cat([means, query.mean((2, 3))], 1)


def local_matching_vector(query: Tensor, support: Tensor,
                          reduction: Reduction = 'sum') -> Tensor:
    """Point-wise product, summed over the cells (section 3.2).

    Computed in at least single precision: in half precision 49 cells of
    features from 37 on overflow.

    Args:
        query (Tensor): (N, C, h, w).
        support (Tensor): (N or 1, C, h, w).
        reduction (str): ``'sum'``, or (not in the paper) ``'mean'``, or
            ``'cosine'``: the mean of features that are brought to a mean
            square of 1, one factor for each RoI and each support.

    Returns:
        Tensor: (N, C).
    """
    dtype = torch.promote_types(query.dtype, torch.float32)
    query, support = query.to(dtype), support.to(dtype)
    product = query * support
    if reduction == 'sum':
        return product.sum((2, 3))
    mean = product.mean((2, 3))
    if reduction == 'cosine':
        for features in (query, support):
            square = features.square().flatten(1).mean(1, keepdim=True)
            mean = mean * (square + 1e-6).rsqrt()
    return mean


def without_autocast(layers: nn.Module, vector: Tensor) -> Tensor:
    """Apply layers to what may be too large for half precision.

    Args:
        layers (nn.Module): The layers.
        vector (Tensor): Their input.

    Returns:
        Tensor: Their output in the precision of their weights.
    """
    with torch.autocast(vector.device.type, enabled=False):
        return layers(vector.to(next(layers.parameters()).dtype))


class _Embedding(nn.Sequential):
    """Linear layers, each with a ReLU."""

    def __init__(self, in_channels: int, channels: int, layers: int) -> None:
        steps = []
        for number in range(layers):
            steps += [nn.Linear(channels if number else in_channels,
                                channels), nn.ReLU(inplace=True)]
        super().__init__(*steps)
        self.out_channels = channels if layers else in_channels


@MODELS.register_module()
class AttentiveBBoxHead(ComparisonBBoxHead):
    """Dual-level classification and category-attentive regression.

    Section 3.2, Table 3: whether a RoI of the query is of the support's
    class, by their means (C_g) and by their cells (C_l), and where its box
    is, from the query weighted by the support's mean (R_c) or from both
    stacked (R_s).

    Not in the paper: the widths, that the logits of C_g and C_l are added,
    and the tower, see :class:`RoITower` and :class:`EdgeTower`.

    Args:
        in_channels (int): Channels of the RoI features.
        global_matching (bool): C_g.
        local_matching (bool): C_l.
        reg_branch (str): ``'category_attentive'`` or ``'stacked'``.
        reg_weights (str): Of the former, see
            :func:`~mmextra.models.layers.regression_weights`.
        embed_channels (int, optional): Width of the embeddings; as
            ``in_channels`` if not given.
        global_fcs (int): Layers that embed the global vector.
        local_fcs (int): Layers that embed the local vector.
        local_reduction (str): See :func:`local_matching_vector`.
        local_start (str): ``'random'``, or ``'similarity'``: of the
            untrained local branch two units hold the sum over the products'
            channels and its negative, and the logits are their difference
            alone, so that like features score high from the first step on.
            For features of both signs, see ``match_norm`` of
            :class:`QuerySupportDetector`.
        reg_tower (str): ``'pooled'``: :class:`RoITower`, which pools
            first; ``'edges'``: :class:`EdgeTower`, which sees edges first
            and gives tighter boxes where no shared head works on each RoI.
        reg_keep_cells (bool): See ``keep_cells`` of :class:`RoITower`; for
            RoI features that come from no shared head. :class:`EdgeTower`
            always does.
        kwargs: See :class:`ComparisonBBoxHead`.

    Raises:
        ValueError: If an option is illegal.
    """

    def __init__(self,
                 in_channels: int = 2048,
                 global_matching: bool = True,
                 *,
                 local_matching: bool = True,
                 reg_branch: RegBranch = 'category_attentive',
                 reg_weights: RegWeights = 'mean',
                 embed_channels: Optional[int] = None,
                 global_fcs: int = 2,
                 local_fcs: int = 1,
                 local_reduction: Reduction = 'sum',
                 local_start: LocalStart = 'random',
                 reg_tower: Tower = 'pooled',
                 reg_keep_cells: bool = False,
                 **kwargs) -> None:
        if not (global_matching or local_matching):
            raise ValueError('global_matching and local_matching must not '
                             'both be False')
        check_choice('reg_branch', reg_branch, RegBranch)
        check_choice('reg_weights', reg_weights, RegWeights)
        check_choice('reg_tower', reg_tower, Tower)
        check_choice('local_reduction', local_reduction, Reduction)
        check_choice('local_start', local_start, LocalStart)
        if local_start == 'similarity' and not (local_matching and local_fcs):
            raise ValueError("local_start='similarity' needs local_matching "
                             f'and local_fcs of at least 1, got {local_fcs}')
        # fc_cls of the stock head is of one vector; here are two.
        super().__init__(in_channels, with_cls=False, **kwargs)
        width = embed_channels or in_channels
        self.local_reduction = local_reduction
        self.local_start = local_start
        self.reg_branch = reg_branch
        self.reg_weights = reg_weights
        self.global_matching = global_matching
        self.local_matching = local_matching
        if global_matching:
            self.global_embed = _Embedding(2 * in_channels, width, global_fcs)
            self.global_cls = nn.Linear(self.global_embed.out_channels, 2)
        if local_matching:
            self.local_embed = _Embedding(in_channels, width, local_fcs)
            self.local_cls = nn.Linear(self.local_embed.out_channels, 2)
        width_in = (1 + (reg_branch == 'stacked')) * in_channels
        if reg_tower == 'edges':
            self.reg_tower = EdgeTower(width_in, max(in_channels // 2, 1),
                                       in_channels)
        else:
            self.reg_tower = RoITower(width_in, max(in_channels // 4, 1),
                                      in_channels, reg_keep_cells)
        if reg_keep_cells or reg_tower == 'edges':
            self.fc_reg = nn.Linear(9 * in_channels, 4)

    def init_weights(self) -> None:
        """As ``init_cfg`` and ``local_start`` say."""
        super().init_weights()
        if self.local_start == 'random':
            return
        signs = torch.tensor([1., -1.])
        with torch.no_grad():
            for number, layer in enumerate(list(self.local_embed)[::2]):
                weight = layer.weight
                # Further layers hand the two units on.
                weight[:2] = signs[:, None] / weight.shape[1] ** 0.5 \
                    if not number else torch.eye(2, weight.shape[1])
                layer.bias[:2] = 0
            # Whatever else there is begins with no say.
            self.local_cls.weight.zero_()
            self.local_cls.weight[:, :2] = signs.outer(signs)
            if self.global_matching:
                self.global_cls.weight.zero_()

    def forward(self, query: Tensor,
                support: Tensor) -> Tuple[Tensor, Tensor]:
        """Compare RoIs with supports.

        Args:
            query (Tensor): (N, C, 7, 7) features of RoIs.
            support (Tensor): (N or 1, C, 7, 7) those of the supports.

        Returns:
            tuple[Tensor, Tensor]: (N, 2) logits of foreground and
            background, (N, 4) deltas.
        """
        logits = []
        if self.global_matching:
            vector = global_matching_vector(query, support)
            logits.append(self.global_cls(self.global_embed(vector)))
        if self.local_matching:
            vector = local_matching_vector(query, support,
                                           self.local_reduction)
            logits.append(without_autocast(
                nn.Sequential(self.local_embed, self.local_cls), vector))
        return sum(logits), self.regress(query, support)

    def regress(self, query: Tensor, support: Tensor) -> Tensor:
        """(N, 4) deltas; arguments as in :meth:`forward`."""
        if self.reg_branch == 'stacked':
            pair = torch.cat([query, support.expand_as(query)], 1)
        else:
            pair = channel_activation(query, regression_weights(
                support.mean((2, 3)), self.reg_weights))
        return self.fc_reg(self.reg_tower(pair))
