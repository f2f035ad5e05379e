import torch

# Before any test imports mmrotate, which needs it on Python >= 3.10.
import mmextra  # noqa: F401

torch.set_num_threads(1)
