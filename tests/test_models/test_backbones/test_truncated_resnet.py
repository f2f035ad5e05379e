import pytest
import torch
from mmdet.models.backbones import ResNet
from mmdet.registry import MODELS

from mmextra.models.backbones import TruncatedResNet
from tests.helpers import worked_case


@pytest.mark.parametrize('truncation', [0, 1, 2])
def test_outputs_are_those_of_the_full_network(truncation):
    """The kept stages load a full ResNet's weights and give its maps."""
    torch.manual_seed(0)
    full = ResNet(18, base_channels=4)
    model = TruncatedResNet(18, truncation, base_channels=4)
    full.eval(), model.eval()
    state = model.state_dict()
    weights = {k: v for k, v in full.state_dict().items() if k in state}
    model.load_state_dict(weights)
    image = torch.randn(1, 3, 64, 64)
    expected = full(image)[3 - truncation]
    maps = model(image)
    assert len(maps) == 1 and torch.equal(maps[0], expected)
    assert [64 // maps[0].shape[-1]] == model.out_strides
    assert [maps[0].shape[1]] == model.out_channels


@pytest.mark.parametrize('name, truncation', [('T0', 0), ('T1', 1),
                                              ('T2', 2)])
def test_strides_and_channels(name, truncation):
    case = worked_case('covid_ct_mask_net', 'strides')['r18_r34'][name]
    for depth in (18, 34):
        model = TruncatedResNet(depth, truncation)
        assert model.out_strides == [case['stride']]
        assert model.out_channels == [case['channels']]
    assert 512 // case['stride'] == case['grid']
    assert 30 * case['grid']**2 == case['anchors']


def test_all_outputs_and_agreeing_arguments():
    model = MODELS.build(dict(
        type='TruncatedResNet', depth=50, truncation=1, out='all',
        num_stages=3, base_channels=4, strides=[1, 2, 2],
        dilations=(1, 1, 2)))
    maps = model(torch.randn(1, 3, 64, 64))
    assert [64 // m.shape[-1] for m in maps] == model.out_strides == [
        4, 8, 16]
    assert [m.shape[1] for m in maps] == model.out_channels == [16, 32, 64]


@pytest.mark.parametrize('wrong, told', [
    (dict(depth=19), 'depth'), (dict(truncation=4), 'truncation'),
    (dict(out='first'), 'out'), (dict(num_stages=4), 'num_stages=4'),
    (dict(out_indices=(0, )), 'out_indices'),
    (dict(strides=(1, 2, 2, 2)), 'strides'),
    (dict(strides=(2, 2, 2)), r'strides=\(2, 2, 2\).*\(1, 2, 2\)'),
    (dict(strides=(1, 2, 1)), 'strides'),
    (dict(strides=2), 'strides=2'), (dict(dilations=1), 'dilations=1'),
    (dict(dilations=(1, 1)), 'dilations')])
def test_contradictions_are_told(wrong, told):
    with pytest.raises(ValueError, match=told):
        TruncatedResNet(**dict(dict(depth=18, truncation=1), **wrong))
