import pytest
import torch

from mmextra.models.layers import ForecastEncoder
from tests.helpers import worked_case


@pytest.mark.parametrize(
    'item', worked_case('feature_forecast', 'encoder_cost')['items'],
    ids=lambda item: f'{item["C"]}-{item["hidden"]}')
def test_parameters_and_macs(item):
    with torch.device('meta'):
        encoder = ForecastEncoder(item['C'], item['hidden'])
    assert sum(p.numel() for p in encoder.parameters()) == item['params']
    macs = sum(m.weight.numel() * 100 for m in encoder.modules()
               if isinstance(m, torch.nn.Conv2d))
    assert macs == item['macs']


def test_residual_adds_the_input_before_attention():
    torch.manual_seed(0)
    encoder = ForecastEncoder(4, 2, residual=True)
    encoder.init_weights()
    x = torch.rand(1, 4, 5, 5)
    out, _ = encoder(x)
    assert torch.equal(out, x)
    torch.nn.init.normal_(encoder.cell.proj.weight)
    out, (hidden, _) = encoder(x)
    torch.testing.assert_close(out - x, encoder.cell.proj(hidden))
