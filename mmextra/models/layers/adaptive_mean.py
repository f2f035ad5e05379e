"""Pooling to a fixed size that can be traced for any size."""
from typing import Any

import torch
from torch import Tensor, nn


def pooling_weights(length: int, size: int) -> Tensor:
    """How each of ``size`` windows mixes ``length`` places.

    Args:
        length (int): Places of the input; in a trace also a tensor.
        size (int): Windows.

    Returns:
        Tensor: (size, length), every row adds up to 1; window i covers the
        places from floor(i length / size) to ceil((i + 1) length / size).
    """
    window = torch.arange(size)
    begin = (window * length) // size
    end = ((window + 1) * length + size - 1) // size
    place = torch.arange(length)
    inside = ((place >= begin[:, None]) & (place < end[:, None])).float()
    return inside / inside.sum(1, keepdim=True)


class AdaptiveMean(nn.AdaptiveAvgPool2d):
    """``AdaptiveAvgPool2d``, in a trace as two matrix products.

    ONNX has no operator for it where the size is no divisor of the map's.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) to (N, C, size, size)."""
        if not torch.jit.is_tracing():
            return super().forward(x)
        size: Any = self.output_size
        rows, cols = (pooling_weights(x.shape[axis], size).to(x)
                      for axis in (2, 3))
        return rows @ x @ cols.t()
