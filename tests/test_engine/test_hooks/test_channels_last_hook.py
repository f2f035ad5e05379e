from copy import deepcopy
from types import SimpleNamespace

import pytest
import torch
from mmcv.ops import (
    DeformConv2d,
    RoIAlign,
    RoIAlignRotated,
    deform_conv2d,
    roi_align,
)
from torch import nn

from mmextra.engine.hooks import ChannelsLastHook
from mmextra.models.layers import LSM


def test_same_results_and_the_maps_follow():
    torch.manual_seed(0)
    # In double precision, for a bias before a batch norm has no gradient.
    plain = nn.Sequential(nn.Conv2d(3, 8, 3), LSM(8, 8),
                          nn.Conv2d(8, 4, 1)).double()
    model = deepcopy(plain)
    hook = ChannelsLastHook()
    hook.before_train(SimpleNamespace(model=model))
    x = torch.rand(2, 3, 18, 18, dtype=torch.double)
    found, wanted = model(x), plain(x)
    torch.testing.assert_close(found, wanted)
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert not wanted.is_contiguous(memory_format=torch.channels_last)
    for out in (found, wanted):
        out.square().sum().backward()
    for one, two in zip(model.parameters(), plain.parameters()):
        torch.testing.assert_close(one.grad, two.grad)
    plain.load_state_dict(model.state_dict())


class OpOnMaps(nn.Module):
    """A convolution, and an operation of mmcv on what it finds."""

    def __init__(self, op, *args):
        super().__init__()
        self.conv, self.op, self.args = nn.Conv2d(3, 8, 3, padding=1), op, args

    def forward(self, x):
        return self.op(self.conv(x), *self.args)


class OwnRoIAlign(RoIAlign):
    """One of another package."""


class OwnDeformConv(nn.Module):
    """As mmdet's TOOD calls the operation, without a module of mmcv."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(4, 8, 3, 3))

    def forward(self, x, offset):
        return deform_conv2d(x, offset, self.weight, 1, 1)


ROIS = torch.tensor([[0, 3., 3, 50, 60], [1, 10, 10, 90, 80]])
TURNED = torch.tensor([[0, 30., 30, 40, 20, .3], [1, 50, 50, 60, 20, .5]])


@pytest.mark.parametrize('op, args', [
    (RoIAlign(7, 1 / 8., 2), (ROIS, )),
    (OwnRoIAlign(7, 1 / 8., 2), (ROIS, )),
    (RoIAlignRotated(7, 1 / 8., 2), (TURNED, )),
    (DeformConv2d(8, 4, 3, padding=1), (torch.rand(2, 18, 20, 20), )),
    (OwnDeformConv(), (torch.rand(2, 18, 20, 20), )),
    (roi_align, (ROIS, 7, 1 / 8., 2))
], ids=lambda each: getattr(each, '__name__', type(each).__name__))
def test_operations_of_mmcv_see_the_same_pixels(op, args):
    torch.manual_seed(0)
    plain = OpOnMaps(op, *args)
    model = deepcopy(plain)
    ChannelsLastHook().before_train(SimpleNamespace(model=model))
    x = torch.rand(2, 3, 20, 20)
    found, wanted = model(x), plain(x)
    assert wanted.std() > 0
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    factors = torch.rand_like(wanted)
    for out in (found, wanted):
        (out * factors).sum().backward()
    for one, two in zip(model.parameters(), plain.parameters()):
        torch.testing.assert_close(one.grad, two.grad, rtol=1e-4, atol=1e-4)
