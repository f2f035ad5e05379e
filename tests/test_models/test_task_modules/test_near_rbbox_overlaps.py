import pytest
import torch
from mmrotate.models.task_modules.assigners import RBboxOverlaps2D
from mmrotate.structures.bbox import RotatedBoxes

from mmextra.models.task_modules.assigners import NearRBboxOverlaps2D
from tests.helpers import random_rboxes


@pytest.mark.parametrize('mode', ['iou', 'iof'])
def test_equals_the_stock_calculator(mode):
    first = RotatedBoxes(random_rboxes(400, seed=0))
    second = RotatedBoxes(random_rboxes(60, seed=1))
    stock = RBboxOverlaps2D()(first, second, mode)
    near = NearRBboxOverlaps2D()(first, second, mode)
    assert (stock > 0).sum() > 500
    assert torch.allclose(near, stock, atol=1e-6)


def test_aligned_and_empty():
    boxes = random_rboxes(5)
    calculator = NearRBboxOverlaps2D()
    assert torch.allclose(
        calculator(boxes, boxes + 0.01, is_aligned=True),
        RBboxOverlaps2D()(boxes, boxes + 0.01, is_aligned=True))
    assert calculator(boxes, boxes[:0]).shape == (5, 0)
