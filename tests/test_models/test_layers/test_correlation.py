import sys

import pytest
import torch

from mmextra.models.layers import CorrelationScheduler, correlation
from mmextra.models.layers.correlation import (
    _by_diagonals,
    _by_product,
    _by_shifts,
)
from tests.helpers import worked_case


def by_hand(first, second, d):
    """Four loops."""
    _, height, width = first.shape
    out = torch.zeros((2 * d + 1)**2, height, width)
    for y in range(height):
        for x in range(width):
            for dy in range(-d, d + 1):
                for dx in range(-d, d + 1):
                    if 0 <= y + dy < height and 0 <= x + dx < width:
                        k = (dy + d) * (2 * d + 1) + dx + d
                        out[k, y, x] = (first[:, y, x] *
                                        second[:, y + dy, x + dx]).mean()
    return out


def test_shifted_pixel_of_the_worked_case():
    case = worked_case('feature_forecast', 'correlation_d2_shift')['expected']
    first, second = torch.zeros(2, 1, 1, 5, 5)
    first[0, 0, 1, 1], second[0, 0, 2, 3] = 2, 5
    out = correlation(first, second, 2)
    assert out.nonzero().tolist() == case['nonzero_index']
    assert out.max().item() == pytest.approx(case['value'])


@pytest.mark.parametrize('d', [0, 1, 3])
def test_all_ways_equal_four_loops(d):
    first, second = torch.randn(2, 2, 5, 4, 6)
    expected = torch.stack(
        [by_hand(a, b, d) for a, b in zip(first, second)])
    for found in (correlation(first, second, d),
                  _by_product(first, second, d) / 5,
                  _by_diagonals(first, second, d) / 5,
                  _by_shifts(first, second, d) / 5):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_large_maps_take_the_shifts(monkeypatch):
    # The package has a function of the same name.
    module = sys.modules['mmextra.models.layers.correlation']
    used = []
    for name in ('_by_product', '_by_shifts'):
        monkeypatch.setattr(module, name, lambda *_, name=name:
                            used.append(name))
    module.correlation(*torch.rand(2, 1, 1, 6, 6), 1)
    module.correlation(*torch.rand(2, 1, 1, 6, 7), 1)
    assert used == ['_by_product', '_by_shifts']


def test_cosine_and_range_of_half_precision():
    x = torch.full((1, 1280, 2, 2), 6.)
    assert correlation(x, x, 0, normalize=True).flatten().tolist() == \
        pytest.approx([1] * 4, abs=1e-4)
    # The sum of products, 46080, is beyond what the next lines can hold
    # only if the inputs are not scaled first.
    half = correlation(40 * x.half(), 40 * x.half(), 0)
    assert half.isfinite().all()
    torch.testing.assert_close(
        half, torch.full_like(half, 57600.), rtol=5e-3, atol=0)


def test_index_made_in_inference_serves_training():
    with torch.inference_mode():
        correlation(*torch.rand(2, 1, 2, 3, 11), 2)
    x = torch.rand(1, 2, 3, 11, requires_grad=True)
    correlation(x, x, 2).sum().backward()
    assert x.grad.abs().sum() > 0


def test_scheduler_takes_maps_of_any_size():
    torch.manual_seed(0)
    net = CorrelationScheduler(max_displacement=2, conv_channels=(4, 3))
    net.init_weights()
    for size in ((10, 10), (5, 7), (1, 1)):
        maps = torch.rand(2, 3, 8, *size, requires_grad=True)
        logits = net(*maps)
        assert logits.shape == (3, 2)
        logits.sum().backward()
        assert maps.grad.abs().sum() > 0
    assert all(p.grad is not None for p in net.parameters())
    with pytest.raises(ValueError, match='conv_channels'):
        CorrelationScheduler(conv_channels=(64, ))


def test_normalised_scheduler_survives_a_large_step():
    torch.manual_seed(0)
    maps = torch.rand(2, 6, 8, 6, 6)
    kinds = {}
    for norm_cfg in (None, dict(type='BN')):
        net = CorrelationScheduler(2, (4, 3), norm_cfg=norm_cfg)
        net.init_weights()
        kept = (1, 4) if norm_cfg else (0, 2)
        with torch.no_grad():
            for conv in (net.convs[k] for k in kept):
                conv.weight -= 1.
        kinds[bool(norm_cfg)] = net(*maps).std(0)
    assert kinds[False].max() == 0 and kinds[True].min() > 0
    assert list(CorrelationScheduler(2, (4, 3)).state_dict())[:4] == [
        'convs.0.weight', 'convs.0.bias', 'convs.2.weight', 'convs.2.bias']
