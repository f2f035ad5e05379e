"""One map of several, and the size of its first weights."""
import torch
from mmdet.registry import MODELS


def test_one_map_of_the_deviation_of_its_inputs():
    torch.manual_seed(0)
    neck = MODELS.build(dict(
        type='FusedMapsNeck', in_channels=[96, 1280], out_channels=128))
    neck.init_weights()
    maps = torch.randn(2, 96, 16, 24), torch.randn(2, 1280, 8, 12)
    # Nearest, or interpolation would smooth the noise.
    fused = torch.cat([maps[0], maps[1].repeat_interleave(
        2, 2).repeat_interleave(2, 3)], 1)
    reduced = neck.reduction_conv(fused)
    assert 0.9 < reduced.std() < 1.1
    out, = neck(maps)
    assert out.shape == (2, 128, 16, 24)
    assert 0.5 < out[..., 1:-1, 1:-1].std() < 1.2


def test_the_host_starts_larger():
    """What the subclass is for; fails where the host is mended."""
    neck = MODELS.build(dict(
        type='HRFPN', in_channels=[96, 1280], out_channels=128, num_outs=1))
    neck.init_weights()
    assert neck.reduction_conv.conv.weight.std() > 4 * 1376**-0.5
