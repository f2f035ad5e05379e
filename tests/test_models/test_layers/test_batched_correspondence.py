import pytest
import torch

from mmextra.models.layers.affinity import DISTANCES
from mmextra.models.layers.batched_correspondence import (
    batched_correspondence,
)
from mmextra.models.layers.correspondence import dense_correspondence


@pytest.mark.parametrize('distance', sorted(DISTANCES))
def test_equals_one_class_after_the_other(distance):
    torch.manual_seed(0)
    query, supports = torch.randn(12, 6), torch.randn(3, 8, 6)
    thetas = torch.randn(6, 5), torch.randn(5, 4)
    valid = torch.arange(12) % 3 != 1
    expected = torch.zeros(3, 12, 4)
    for i, support in enumerate(supports):
        expected[i, valid] = dense_correspondence(
            query[valid], support, *thetas, distance, .3)
    found = batched_correspondence(query, supports, *thetas, distance, .3,
                                   valid)
    assert expected.any()
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
