"""Features that begin with a mean of 0 and a deviation of 1."""
from typing import Sequence, Tuple

import torch
from mmdet.registry import MODELS
from mmdet.utils import reduce_mean
from torch import Tensor, nn


@MODELS.register_module()
class CalibratedNorm(nn.Module):
    """Channels less their mean, by the deviation, in the first batches.

    The statistics of the first training batches are averaged and then stay
    as they are, in further trainings too, so that a batch is normalised
    alike in training and in a test. Batch normalisation would shear a few
    pictures of one class of what they have in common. Statistics that ran on
    without a gradient would let the features drift without a limit: in 2,700
    iterations their means had grown to 93.

    Args:
        num_features (int): Number of channels.
        num_batches (int): How many batches are averaged.
        eps (float): Added to the variance.
        per_channel (bool): Divide each channel by its own deviation; else
            all by one, the root of their mean variance, so that channels
            which vary more go on doing so.
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, num_features: int, num_batches: int = 50,
                 eps: float = 1e-5, *, per_channel: bool = True) -> None:
        super().__init__()
        self.per_channel = per_channel
        self.num_batches = num_batches
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
        var = self.running_var
        if not self.per_channel:
            var = var.mean().expand_as(var)
        scale = (var + self.eps).rsqrt()
        shift = -self.running_mean * scale
        return tuple(
            torch.addcmul(shift[:, None, None], level, scale[:, None, None])
            for level in x)

    @torch.no_grad()
    def _track(self, x: Sequence[Tensor]) -> None:
        cells = torch.cat([level.detach().float().transpose(0, 1).flatten(1)
                           for level in x], 1)
        # Of all processes, lest each keeps statistics of its own for good.
        var, mean = reduce_mean(torch.stack(torch.var_mean(cells, 1)))
        # A GPU need not be asked how many there were.
        counts = self.num_batches_tracked < self.num_batches
        share = counts / (self.num_batches_tracked + 1)
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(var, share)
        self.num_batches_tracked += counts
