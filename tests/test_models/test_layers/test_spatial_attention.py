import pytest
import torch

from mmextra.models.layers import SpatialAttention, channel_statistics
from tests.helpers import fill_weight, worked_case


def test_worked_case():
    case = worked_case('feature_forecast', 'spatial_attention')
    layer = SpatialAttention().double()
    fill_weight(layer.conv.weight, 0.9)
    k = torch.arange(60, dtype=torch.float64)
    x = (3 * (0.37 * k + 2).sin().abs()).round(decimals=4)
    x = x.reshape(1, 3, 4, 5)
    for found, key in ((layer.mask(x), 'mask'), (layer(x), 'out')):
        torch.testing.assert_close(
            found, torch.tensor(case['expected'][key]).double(), rtol=0,
            atol=1e-5)


def test_mean_comes_first_and_there_is_no_bias():
    x = torch.tensor([[[[1.]], [[5.]]]])
    assert channel_statistics(x).flatten().tolist() == [3, 5]
    assert SpatialAttention().conv.bias is None
    with pytest.raises(ValueError, match='odd'):
        SpatialAttention(6)
