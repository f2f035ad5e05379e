"""Small tools that several tests share."""
import json
import math
from pathlib import Path

import torch

DATA = Path(__file__).parent / 'data'


def worked_case(paper: str, name: str) -> dict:
    """A worked case: its input, expected output and tolerance."""
    return json.loads((DATA / f'{paper}_cases.json').read_text())[name]


def random_rboxes(count: int, seed: int = 0, extent: float = 200.0):
    """(cx, cy, w, h, angle) with angles in [-pi/2, pi/2)."""
    rand = torch.rand(
        count, 5, generator=torch.Generator().manual_seed(seed))
    low = torch.tensor([0, 0, 4, 4, -math.pi / 2])
    high = torch.tensor([extent, extent, 80, 30, math.pi / 2])
    return low + rand * (high - low)
