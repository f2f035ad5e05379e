"""Small tools that several tests share."""
import importlib.util
import json
import math
import struct
import zlib
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import nn

DATA = Path(__file__).parent / 'data'
ROOT = Path(__file__).parents[1]
TOOLS = ROOT / 'tools'
# LARSD on a harbour, small; its place is to be filled in.
TINY_LARSD = f"""
_base_ = '{ROOT}/configs/larsd/synthetic.py'
data_root = '{{data}}/'
model = dict(
    backbone=dict(base_channels=4),
    neck=dict(in_channels=[4, 8, 16, 32], out_channels=8,
              mid_channels=[4, 4, 4]),
    bbox_head=dict(in_channels=8, feat_channels=8))
train_dataloader = dict(num_workers=0, persistent_workers=False,
                        dataset=dict(data_root=data_root))
val_dataloader = dict(num_workers=0, persistent_workers=False,
                      dataset=dict(data_root=data_root))
test_dataloader = val_dataloader
"""


def load_tool(name: str) -> ModuleType:
    """A script of ``tools`` as a module."""
    path = TOOLS / name
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_png(path: Path, image: np.ndarray) -> None:
    """A PNG of 1 to 4 channels, (h, w, c), of 8 or 16 bits, also those that
    OpenCV and Pillow cannot write."""
    height, width, channels = image.shape
    bits, colour = 8 * image.itemsize, (0, 4, 2, 6)[channels - 1]
    head = struct.pack('>2I5B', width, height, bits, colour, 0, 0, 0)
    rows = image.astype(image.dtype.newbyteorder('>')).reshape(height, -1)
    data = zlib.compress(b''.join(b'\0' + row.tobytes() for row in rows))
    path.write_bytes(b'\x89PNG\r\n\x1a\n' + b''.join(
        struct.pack('>I', len(body)) + kind + body
        + struct.pack('>I', zlib.crc32(kind + body)) for kind, body in (
            (b'IHDR', head), (b'IDAT', data), (b'IEND', b''))))


def worked_case(paper: str, name: str) -> dict:
    """A worked case: its input, expected output and tolerance."""
    return json.loads((DATA / f'{paper}_cases.json').read_text())[name]


def backward(model: nn.Module, losses: dict) -> torch.Tensor:
    """The sum of losses, of which every weight must get a gradient."""
    total, _ = model.parse_losses(losses)
    assert total.isfinite() and total > 0
    total.backward()
    missing = [n for n, p in model.named_parameters()
               if p.requires_grad and p.grad is None]
    assert not missing
    return total


def learn_and_detect(model: nn.Module, samples: list, size: int) -> tuple:
    """One step on images of noise; every weight must take part in it.

    Returns:
        tuple[dict, list]: The losses, and then the results.
    """
    model.init_weights()
    data = model.data_preprocessor(
        dict(inputs=[torch.randint(0, 256, (3, size, size))] * len(samples),
             data_samples=samples), True)
    model.train()
    losses = model.loss(data['inputs'], data['data_samples'])
    backward(model, losses)
    model.eval()
    with torch.no_grad():
        return losses, model.predict(data['inputs'], data['data_samples'])


def random_rboxes(count: int, seed: int = 0, extent: float = 200.0):
    """(cx, cy, w, h, angle) with angles in [-pi/2, pi/2)."""
    rand = torch.rand(
        count, 5, generator=torch.Generator().manual_seed(seed))
    low = torch.tensor([0, 0, 4, 4, -math.pi / 2])
    high = torch.tensor([extent, extent, 80, 30, math.pi / 2])
    return low + rand * (high - low)


def fill_weight(tensor: torch.Tensor, phase: float) -> None:
    """Set a weight by the formula of the worked cases of the forecast:
    ``round(0.5 * sin(0.7 * k + phase), 4)`` in the order of memory."""
    k = torch.arange(tensor.numel(), dtype=torch.float64)
    values = (0.5 * (0.7 * k + phase).sin()).round(decimals=4)
    with torch.no_grad():
        tensor.copy_(values.reshape(tensor.shape))


def fill_lstm_cell(cell: torch.nn.Module, phase: float) -> None:
    """Set the weights of a bottleneck LSTM by the same formula."""
    weights = [cell.b_dw.weight, cell.b_pw.weight, cell.b_pw.bias,
               cell.g_dw.weight, cell.g_pw.weight, cell.g_pw.bias]
    if cell.proj is not None:
        weights += [cell.proj.weight, cell.proj.bias]
    for k, weight in enumerate(weights):
        fill_weight(weight, phase + k)
