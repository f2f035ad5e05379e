import pytest
import torch

from mmextra.models.necks import UNetNeck
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


def test_first_fusion_is_nearest_upsampling_and_concatenation():
    neck = UNetNeck((1, 1), (2, ), 2, out_levels=(2, )).eval()
    seen = []
    neck.fuse_convs['2'].register_forward_pre_hook(
        lambda module, args: seen.append(args[0]))
    neck([torch.zeros(1, 1, 4, 4), torch.tensor([[[[1., 2.], [3., 4.]]]])])
    assert seen[0][0, 0].tolist() == [[1, 1, 2, 2], [1, 1, 2, 2],
                                      [3, 3, 4, 4], [3, 3, 4, 4]]
    assert (seen[0][0, 1] == 0).all()


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
