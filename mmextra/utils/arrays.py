"""From tensors to arrays."""
import numpy as np
import torch
from torch import Tensor


def as_numpy(tensor: Tensor) -> np.ndarray:
    """A tensor of any device and precision as an array.

    Args:
        tensor (Tensor): The tensor.

    Returns:
        np.ndarray: Of the same type; bfloat16, which numpy does not know,
        as float32.
    """
    tensor = tensor.detach()
    if tensor.dtype is torch.bfloat16:
        tensor = tensor.float()
    return tensor.cpu().numpy()
