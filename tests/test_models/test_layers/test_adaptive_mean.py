import pytest
import torch

from mmextra.models.layers.adaptive_mean import AdaptiveMean, pooling_weights


@pytest.mark.parametrize('height, width, size', [
    (10, 10, 5), (7, 11, 3), (4, 9, 5), (6, 5, 1)])
def test_weights_are_those_of_adaptive_pooling(height, width, size):
    x = torch.randn(2, 3, height, width)
    found = pooling_weights(height, size) @ x @ pooling_weights(
        width, size).t()
    torch.testing.assert_close(
        found, torch.nn.functional.adaptive_avg_pool2d(x, size))


def test_a_trace_holds_for_other_sizes():
    pool = AdaptiveMean(3)
    traced = torch.jit.trace(pool, torch.randn(1, 2, 7, 11))
    x = torch.randn(1, 2, 16, 10)
    torch.testing.assert_close(traced(x), pool(x))
