import pytest
import torch
from torch import nn

from mmextra.models.dense_heads.positive_weights import (
    weight_columns,
    weights_per_gt,
)


def test_boxes_with_positives_weigh_alike():
    weights = weights_per_gt(torch.tensor([0, 0, 0, 2]), 3)
    assert torch.allclose(weights, torch.tensor([2 / 3, 2 / 3, 2 / 3, 2.]))
    assert weights_per_gt(torch.zeros(0, dtype=torch.long), 3) is None


class Weighted(nn.Module):
    """A loss whose weights have the given number of dimensions."""

    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, pred, target, weight, avg_factor):
        if weight.dim() != self.dim:
            raise IndexError
        return (pred - target).sum() / avg_factor


@pytest.mark.parametrize('dim, columns, found', [
    (1, 4, 0), (2, 4, 4), (2, 5, 5), (1, 1, 0)])
def test_columns_that_a_loss_wants(dim, columns, found):
    assert weight_columns(Weighted(dim), columns, 'loss_bbox') == found


def test_a_loss_without_weights_is_named():
    with pytest.raises(ValueError, match='loss_angle .Weighted.'):
        weight_columns(Weighted(3), 1, 'loss_angle')
