import pytest
import torch
import torch.nn.functional as F
from mmdet.models.layers import CSPLayer
from mmdet.registry import MODELS
from torch import nn

from mmextra.models.layers import (
    LSM,
    Dres2Layer,
    Res2Unit,
    SPPFBottleneck,
    SPPSBottleneck,
)
from mmextra.models.layers.yolo_blocks import halve_max, pool_cascade
from tests.helpers import worked_case


def parameters(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize('channels, count', [
    ((32, 64), 4544), ((64, 128), 17792), ((128, 256), 70400),
    ((256, 512), 280064)])
def test_lsm_parameters(channels, count):
    assert parameters(LSM(*channels)) == count


@pytest.mark.parametrize('size, out', [((8, 12), (4, 6)), ((7, 9), (4, 5))])
def test_lsm_halves_every_size(size, out):
    assert LSM(6, 10).eval()(torch.rand(2, 6, *size)).shape == (2, 10, *out)


def test_lsm_branches():
    """Of plain functions, with the weights of the module."""
    torch.manual_seed(0)
    module = LSM(6, 9).eval()
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.running_mean.normal_()
            norm.running_var.uniform_(.5, 2)
    x = torch.randn(2, 6, 8, 8)

    def cbr(part, x, **kwargs):
        x = F.conv2d(x, part.conv.weight, **kwargs)
        return F.relu(F.batch_norm(x, part.bn.running_mean,
                                   part.bn.running_var, eps=1e-3))

    y1 = cbr(module.convs[0], x)
    y1 = cbr(module.convs[1], y1, stride=2, padding=1)
    y1 = cbr(module.convs[2], y1)
    y2 = cbr(module.pool_conv, F.max_pool2d(x, 2))
    assert (y1.shape[1], y2.shape[1]) == (4, 5)
    torch.testing.assert_close(module(x), torch.cat([y1, y2], 1))


@pytest.mark.parametrize('size', [(6, 8), (7, 8), (6, 9)])
def test_halving_is_max_pooling(size):
    torch.manual_seed(0)
    x = torch.randn(2, 3, *size)
    wanted = F.max_pool2d(x, 2, ceil_mode=True)
    assert torch.equal(halve_max(x), wanted)
    assert torch.equal(halve_max(x.requires_grad_()), wanted)


def test_lsm_refuses_empty_branches():
    with pytest.raises(ValueError, match='reduction=0.1'):
        LSM(4, 8, reduction=.1)


def test_res2_unit_parameters_and_dataflow():
    case = worked_case('lcb_yolov5', 'res2unit')
    for channels, wanted in case['cases'].items():
        unit = Res2Unit(int(channels))
        assert parameters(unit) == wanted['params']
        x = torch.rand(1, int(channels), 5, 6)
        assert list(unit.eval()(x).shape) == wanted['out']
    for identity, name in ((True, 'with'), (False, 'without')):
        unit = Res2Unit(4, add_identity=identity, act_cfg=None, norm_cfg=None)
        with torch.no_grad():
            for conv in (unit.conv1, unit.conv2):
                conv.conv.weight.copy_(torch.eye(4)[..., None, None])
                conv.conv.bias.zero_()
            for conv in unit.convs:
                conv.conv.weight.zero_()[..., 1, 1] = 1
                conv.conv.bias.zero_()
        x = torch.tensor(case['dataflow_input']).view(1, 4, 1, 1)
        assert unit(x).flatten().tolist() == case[
            f'dataflow_output_{name}_shortcut']


def test_res2_unit_needs_equal_groups():
    with pytest.raises(ValueError, match='its 10 channels .*scale=4'):
        Res2Unit(10)


def test_res2_unit_keeps_the_number_of_channels():
    MODELS.build(dict(type='Res2Unit', in_channels=8, out_channels=8))
    with pytest.raises(ValueError, match='in_channels=8 .*out_channels=16'):
        Res2Unit(8, out_channels=16)


@pytest.mark.parametrize('channels, dres2, c3', [
    ((512, 256), 319872, 361984), ((256, 128), 80576, 90880),
    ((256, 256), 254336, 296448), ((512, 512), 1012480, 1182720)])
def test_dres2_beside_c3(channels, dres2, c3):
    assert parameters(Dres2Layer(*channels)) == dres2
    assert parameters(CSPLayer(*channels, add_identity=False)) == c3


def test_dres2_receptive_field():
    """Two units of two cascaded 3x3 convolutions more: 13 pixels, not 3."""
    layer = Dres2Layer(8, 8).eval()
    x = torch.zeros(1, 8, 31, 31, requires_grad=True)
    layer(x + .1)[0, :, 15, 15].sum().backward()
    seen = x.grad.abs().sum((0, 1)).nonzero()
    assert (seen.amax(0) - seen.amin(0) + 1).tolist() == [13, 13]


def test_spps_pools():
    case = worked_case('lcb_yolov5', 'spps_pool')
    ramp = torch.arange(25.).view(1, 1, 5, 5)
    for k, found in zip((3, 5, 7), pool_cascade(ramp, 3, 3)[1:]):
        assert found.flatten().tolist() == case[f'k{k}']
    assert parameters(SPPSBottleneck(512, 512)) == case['params_512_512']
    assert parameters(SPPFBottleneck(512, 512)) == case['params_512_512']


@pytest.mark.parametrize('kind, windows', [
    (SPPSBottleneck, (3, 5, 7)), (SPPFBottleneck, (5, 9, 13))])
def test_cascade_equals_parallel_poolings(kind, windows):
    torch.manual_seed(0)
    module = kind(6, 8).eval()
    x = torch.randn(2, 6, 13, 17)
    inner = module.conv1(x)
    pooled = [inner] + [F.max_pool2d(inner, k, 1, k // 2) for k in windows]
    assert torch.equal(module(x), module.conv2(torch.cat(pooled, 1)))


def test_even_windows_are_refused():
    with pytest.raises(ValueError, match='odd kernel_size, got 4'):
        SPPFBottleneck(8, 8, kernel_size=4)


@pytest.mark.parametrize('cfg', [
    dict(type='LSM', in_channels=8, out_channels=8),
    dict(type='Res2Unit', in_channels=8),
    dict(type='Dres2Layer', in_channels=8, out_channels=8),
    dict(type='SPPFBottleneck', in_channels=8, out_channels=8),
    dict(type='SPPSBottleneck', in_channels=8, out_channels=8)])
def test_every_block_is_registered_and_learns(cfg):
    module = MODELS.build(cfg)
    assert type(module).__name__ == cfg['type']
    module(torch.randn(2, 8, 8, 8)).sum().backward()
    assert all(p.grad is not None for p in module.parameters())


def test_res2_unit_may_start_as_the_identity():
    torch.manual_seed(0)
    x = torch.randn(2, 8, 6, 6)
    unit = Res2Unit(8, zero_init_residual=True)
    assert torch.equal(unit(x), x)
    nn.init.ones_(unit.conv2.norm.weight)
    assert not torch.equal(unit(x), x)
    # Its convolutions' own initialisation would set the weights to one.
    unit.init_weights()
    unit(x).square().sum().backward()
    # The weights at zero are the ones that learn first.
    assert torch.equal(unit(x), x) and unit.conv2.norm.weight.grad.any()
    assert not unit.conv1.conv.weight.grad.any()
    assert Res2Unit(8).conv2.norm.weight.tolist() == [1] * 8


@pytest.mark.parametrize('wrong, message', [
    (dict(add_identity=False), 'add_identity=True'),
    (dict(norm_cfg=None), 'norm_cfg')])
def test_res2_unit_that_cannot_start_as_the_identity(wrong, message):
    with pytest.raises(ValueError, match=message):
        Res2Unit(8, zero_init_residual=True, **wrong)
