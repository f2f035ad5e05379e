"""Autocast of CUDA on a CPU: what is computed in single precision."""
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from tests.pretend_device.device import map_tensors

# https://pytorch.org/docs/stable/amp.html, "CUDA Ops that can autocast to
# float32"; the CPU's own list is shorter.
SINGLE = {
    '__pow__', '__rpow__', '__rtruediv__', 'acos', 'asin',
    'binary_cross_entropy_with_logits', 'cdist', 'cosh',
    'cosine_embedding_loss', 'cosine_similarity', 'cross_entropy', 'cumprod',
    'cumsum', 'dist', 'erfinv', 'exp', 'expm1', 'group_norm', 'kl_div',
    'l1_loss', 'layer_norm', 'log', 'log10', 'log1p', 'log2', 'log_softmax',
    'mse_loss', 'nll_loss', 'norm', 'normalize', 'pow', 'prod', 'reciprocal',
    'rsqrt', 'sinh', 'smooth_l1_loss', 'soft_margin_loss', 'softmax',
    'softmin', 'softplus', 'sum', 'tan'
}


class CudaPrecision(TorchFunctionMode):
    """Within its context a CPU's autocast is that of CUDA."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if getattr(func, '__name__', '') in SINGLE and \
                torch.is_autocast_enabled('cpu'):
            args, kwargs = map_tensors(_single, (args, kwargs))
        return func(*args, **kwargs)


def _single(tensor: Tensor) -> Tensor:
    half = tensor.dtype in (torch.float16, torch.bfloat16)
    return tensor.float() if half else tensor
