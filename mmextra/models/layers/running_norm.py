"""Features of a mean of 0 and a deviation of 1, channel by channel."""
from typing import Sequence, Tuple

import torch
from mmdet.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class RunningNorm(nn.Module):
    """Channels less their running mean, by their running deviation.

    Batch normalisation without weights that normalises in training as in a
    test, by what it has seen so far: a few pictures of one class would
    otherwise be shorn of what they have in common.

    Args:
        num_features (int): Number of channels.
        momentum (float): Share of a new batch in the statistics, at least;
            the first batches have equal shares.
        eps (float): Added to the variance.
    """

    def __init__(self, num_features: int, momentum: float = 0.02,
                 eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum = momentum
        self.eps = eps
        self.register_buffer('running_mean', torch.zeros(num_features))
        self.register_buffer('running_var', torch.ones(num_features))
        self.register_buffer('num_batches_tracked', torch.tensor(0.))

    def forward(self, x: Sequence[Tensor]) -> Tuple[Tensor, ...]:
        """Normalise the levels of a batch, all by the same statistics.

        Args:
            x (Sequence[Tensor]): Per level (B, C, H, W).

        Returns:
            tuple[Tensor]: The same, in single precision at least.
        """
        if self.training:
            self._track(x)
        scale = (self.running_var + self.eps).rsqrt()
        shift = -self.running_mean * scale
        return tuple(
            torch.addcmul(shift[:, None, None], level, scale[:, None, None])
            for level in x)

    @torch.no_grad()
    def _track(self, x: Sequence[Tensor]) -> None:
        cells = torch.cat([level.detach().float().transpose(0, 1).flatten(1)
                           for level in x], 1)
        var, mean = torch.var_mean(cells, 1)
        self.num_batches_tracked += 1
        share = self.num_batches_tracked.reciprocal().clamp(min=self.momentum)
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(var, share)
