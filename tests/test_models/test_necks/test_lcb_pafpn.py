import pytest
import torch
from mmdet.models.necks import YOLOXPAFPN

from mmextra.models.necks import LCBPAFPN

CHANNELS = (8, 16, 24)


def maps(*sizes, channels=CHANNELS):
    return [torch.randn(2, c, *size) for c, size in zip(channels, sizes)]


@pytest.mark.parametrize('csp', ['c3', 'dres2'])
@pytest.mark.parametrize('levels', [2, 3, 4])
def test_any_number_of_levels(csp, levels):
    channels = (8, 16, 24, 32)[:levels]
    neck = LCBPAFPN(channels, csp=csp)
    sizes = [(2**(5 - i), 3 * 2**(4 - i)) for i in range(levels)]
    outs = neck(maps(*sizes, channels=channels))
    assert [out.shape[1:] for out in outs] == [
        (c, *size) for c, size in zip(channels, sizes)
    ]
    sum(out.sum() for out in outs).backward()
    assert all(p.grad is not None for p in neck.parameters())


def test_wired_as_yolox_without_its_output_convolutions():
    theirs = YOLOXPAFPN(list(CHANNELS), 8, 1,
                        act_cfg=dict(type='SiLU')).eval()
    ours = LCBPAFPN(CHANNELS).eval()
    ours.load_state_dict(
        {k: v for k, v in theirs.state_dict().items()
         if not k.startswith('out_convs')})
    x = maps((8, 8), (4, 4), (2, 2))
    for found, wanted, conv in zip(ours(x), theirs(x), theirs.out_convs):
        assert torch.equal(conv(found), wanted)


def test_output_convolutions_on_demand():
    outs = LCBPAFPN(CHANNELS, csp='dres2', out_channels=12)(
        maps((8, 8), (4, 4), (2, 2)))
    assert [out.shape[1] for out in outs] == [12, 12, 12]


def test_sizes_that_do_not_fit():
    neck = LCBPAFPN(CHANNELS)
    with pytest.raises(ValueError, match='multiples of its largest stride.*'
                       r'\(7, 8\).*pad_size_divisor'):
        neck(maps((7, 8), (4, 4), (2, 2)))
    with pytest.raises(ValueError, match='built for 3 maps, got 2'):
        neck(maps((8, 8), (4, 4)))


@pytest.mark.parametrize('channels, wrong, message', [
    (CHANNELS, dict(csp='C3'), "csp must be one of .*'C3'"),
    ((8, ), {}, r'at least two levels, got in_channels=\[8\]'),
    ((8, 12), dict(csp='dres2'), 'its 6 channels .*scale=4'),
])
def test_illegal_arguments(channels, wrong, message):
    with pytest.raises(ValueError, match=message):
        LCBPAFPN(channels, **wrong)


def test_res2_units_start_as_the_identity():
    """Then a Dres2 is a C3 without blocks, also after init_weights."""
    torch.manual_seed(0)
    neck = LCBPAFPN(CHANNELS, csp='dres2', zero_init_residual=True)
    neck.init_weights()
    x = maps((8, 8), (4, 4), (2, 2))
    wanted = neck(x)
    for blocks in (neck.top_down_blocks, neck.bottom_up_blocks):
        for layer in blocks:
            layer.blocks = torch.nn.Identity()
    for found, plain in zip(wanted, neck(x)):
        torch.testing.assert_close(found, plain)
    with pytest.raises(ValueError, match="csp='dres2'"):
        LCBPAFPN(CHANNELS, zero_init_residual=True)
