from copy import deepcopy
from types import SimpleNamespace
from typing import NamedTuple

import torch
from helpers import ROOT
from mmengine.config import Config
from torch import nn

from mmextra.engine.hooks import AutocastHook
from mmextra.engine.hooks.autocast_hook import autocast_parts
from mmextra.utils.untrained_model import build_untrained


class Maps(NamedTuple):
    """Named outputs."""
    score: torch.Tensor
    others: dict


class Head(nn.Module):
    """Keeps the type that its convolution computed in."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 4, 1)

    def forward(self, x, scale=1.):
        out = self.conv(x) * scale
        self.seen = out.dtype
        return Maps(out, dict(twice=[out + out], text='x'))


class Model(nn.Module):
    """Backbone, a list of heads, and what is no part."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU())
        self.roi_head = nn.Module()
        self.roi_head.bbox_head = nn.ModuleList([Head(), Head()])
        self.loss_weights = nn.Linear(1, 1)

    def forward(self, x):
        x = self.backbone(x)
        return [head(x, scale=2.) for head in self.roi_head.bbox_head]


def test_training_computes_in_bfloat16_and_gives_float32():
    torch.manual_seed(0)
    plain = Model()
    model = deepcopy(plain)
    AutocastHook().before_train(SimpleNamespace(model=model))
    x = torch.rand(4, 3, 16, 16)
    for found, wanted in zip(model(x), plain(x)):
        assert isinstance(found, Maps)
        assert found.others['text'] == 'x'
        for one, two in ((found.score, wanted.score),
                         (found.others['twice'][0],
                          wanted.others['twice'][0])):
            assert one.dtype == torch.float32
            assert not torch.equal(one, two)
            torch.testing.assert_close(one, two, rtol=.03, atol=.03)
        for maps in (found, wanted):
            maps.score.square().sum().backward(retain_graph=True)
    assert [head.seen for head in model.roi_head.bbox_head] == [
        torch.bfloat16] * 2
    for (name, one), two in zip(model.named_parameters(),
                                plain.parameters()):
        # A bias before a batch norm has none, but for rounding.
        if one.grad is not None and name != 'backbone.0.bias':
            assert one.grad.dtype == torch.float32
            assert (one.grad - two.grad).norm() < .05 * two.grad.norm()
    plain.load_state_dict(model.state_dict())


def test_validation_stays_in_float32():
    plain = Model().eval()
    model = deepcopy(plain)
    AutocastHook().before_train(SimpleNamespace(model=model))
    x = torch.rand(1, 3, 8, 8)
    for found, wanted in zip(model(x), plain(x)):
        assert torch.equal(found.score, wanted.score)


def test_parts_of_one_and_two_stages_and_of_wrapped_detectors():
    def names(config):
        model = build_untrained(
            Config.fromfile(ROOT / f'configs/{config}.py'))
        known = {module: name for name, module in model.named_modules()}
        return [known[part] for part in autocast_parts(model)]

    assert names('covid_ct_mask_net/synthetic') == [
        'backbone', 'neck', 'rpn_head', 'roi_head.bbox_head',
        'roi_head.mask_head']
    assert names('lcb_yolov5/synthetic') == ['backbone', 'neck', 'bbox_head']
    assert 'detector.backbone' in names('feature_forecast/synthetic')
