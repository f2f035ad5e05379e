import pytest
import torch
import torch.nn.functional as F

from mmextra.models.necks import UNetNeck, unet_neck
from tests.helpers import worked_case


def pyramid(channels, size, batch=2):
    return [torch.rand(batch, c, size >> i, size >> i)
            for i, c in enumerate(channels)]


def test_parameters_and_shapes_by_hand():
    case = worked_case('larsd', 'param_counts')
    neck = UNetNeck()
    assert sum(p.numel() for p in neck.parameters()) == \
        case['expected']['neck']
    outs = neck(pyramid((256, 512, 1024, 2048), 128))
    assert [list(o.shape) for o in outs] == case['expected']['p_shapes']


@pytest.mark.parametrize('out_levels', [(2, ), (3, ), (4, ), (3, 4),
                                        (2, 3, 4)])
def test_every_parameter_has_a_gradient(out_levels):
    neck = UNetNeck((8, 16, 24, 32), (4, 6, 8), 5, out_levels=out_levels)
    outs = neck(pyramid((8, 16, 24, 32), 32))
    assert [o.shape[-1] for o in outs] == [32 >> (i - 2) for i in out_levels]
    sum((o * torch.rand_like(o)).sum() for o in outs).backward()
    assert all(p.grad is not None for p in neck.parameters())


def test_odd_sizes():
    neck = UNetNeck((4, 4, 4, 4), (4, 4, 4), 4)
    sizes = [(33, 21), (17, 11), (9, 6), (5, 3)]
    outs = neck([torch.rand(2, 4, *size) for size in sizes])
    assert [tuple(o.shape[-2:]) for o in outs] == sizes[:3]


@pytest.mark.parametrize('kernel_size', [1, 3])
@pytest.mark.parametrize('size', [(6, 8), (7, 4)])
def test_merging_is_nearest_upsampling_and_concatenation(
        kernel_size, size, monkeypatch):
    monkeypatch.setattr(unet_neck, 'MIN_DEEP_PIXELS', 1)
    torch.manual_seed(0)
    conv = unet_neck.UpConcatConv(
        3, 2, 4, kernel_size, norm_cfg=dict(type='BN'))
    conv.norm.weight.data.uniform_(0.5, 2)
    deep = torch.randn(2, 3, 3, 4, requires_grad=True)
    skip = torch.randn(2, 2, *size, requires_grad=True)
    leaves = [deep, skip, *conv.parameters()]
    rows, columns = (torch.arange(n) * d // n for n, d in zip(size, (3, 4)))
    stacked = torch.cat([deep[:, :, rows][..., columns], skip], dim=1)
    expected = torch.relu(conv.norm(F.conv2d(
        stacked, conv.conv.weight, padding=kernel_size // 2)))
    weight = torch.randn_like(expected)
    found = conv(deep, skip)
    assert torch.allclose(found, expected, atol=1e-5)
    for a, b in zip(torch.autograd.grad((found * weight).sum(), leaves),
                    torch.autograd.grad((expected * weight).sum(), leaves)):
        assert torch.allclose(a, b, atol=1e-4)


def test_the_kernel_is_made_once_and_follows_the_weights(monkeypatch):
    made = []

    def counted(weight):
        made.append(1)
        return made_by(weight)

    made_by = unet_neck.twice_each_way
    monkeypatch.setattr(unet_neck, 'twice_each_way', counted)
    conv = unet_neck.UpConcatConv(3, 2, 4, 3).eval()
    maps = torch.randn(1, 3, 3, 4), torch.randn(1, 2, 6, 8)

    def check():
        """Against the module of the host, made of the same weights."""
        deep = F.interpolate(maps[0], scale_factor=2, mode='nearest')
        expected = torch.relu(F.conv2d(
            torch.cat([deep, maps[1]], 1), conv.conv.weight, conv.conv.bias,
            padding=1))
        with torch.no_grad():
            found = conv(*maps)
        assert torch.allclose(found, expected, atol=1e-5)

    check()
    check()
    assert len(made) == 1
    with torch.no_grad():
        conv.conv.weight.mul_(2)  # an optimiser's step, a checkpoint
    check()
    assert len(made) == 2
    # As averages of weights are swapped in before a validation.
    conv.conv.weight.data.copy_(torch.randn(4, 5, 3, 3))
    conv.eval()
    check()
    conv.double()
    maps = tuple(m.double() for m in maps)
    check()
    assert len(made) == 4
    # None is kept where a gradient asks for it.
    monkeypatch.setattr(unet_neck, 'MIN_DEEP_PIXELS', 1)
    conv(*maps).sum().backward()
    assert conv.conv.weight.grad.abs().sum() > 0
    assert 'kernel' not in ''.join(conv.state_dict())


def test_cheap_order_needs_less():
    sizes = [sum(p.numel() for p in UNetNeck(fuse_order=o).parameters())
             for o in ('3x3-1x1', '1x1-3x3')]
    assert sizes[1] < 0.3 * sizes[0]


@pytest.mark.parametrize('bad, text', [
    (dict(in_channels=(8, )), 'at least two'),
    (dict(mid_channels=(8, 8)), 'one mid_channels less'),
    (dict(out_levels=(5, )), '2..4'), (dict(out_levels=()), '2..4'),
    (dict(fuse_order='1x1'), '1x1')])
def test_bad_settings_are_named(bad, text):
    with pytest.raises(ValueError, match=text):
        UNetNeck(**bad)


def test_wrong_number_of_inputs_is_named():
    with pytest.raises(ValueError, match='4 inputs, got 2'):
        UNetNeck()(pyramid((256, 512), 8))
