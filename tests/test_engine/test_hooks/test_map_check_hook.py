import logging
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmextra.engine.hooks import MapCheckHook
from mmextra.engine.hooks.map_check_hook import constant_channels


class Backbone(nn.Module):
    """Maps as they are given, and as many constant channels as asked for."""

    def __init__(self, constant=0, value=3., alone=False):
        super().__init__()
        self.constant, self.value, self.alone = constant, value, alone

    def forward(self, x):
        y = x.clone()
        y[:, :self.constant] = self.value
        return y if self.alone else (x, y)


def make_runner(backbone, iteration=0):
    model = nn.Module()
    if backbone is not None:
        model.backbone = backbone
    return SimpleNamespace(model=model, iter=iteration,
                           logger=logging.getLogger('map_check'))


def train(hook, runner, iterations=1, calls=1):
    torch.manual_seed(0)
    hook.before_train(runner)
    for number in range(iterations):
        hook.before_train_iter(runner, number)
        for _ in range(calls):
            runner.model.backbone(torch.randn(2, 4, 5, 6))
        hook.after_train_iter(runner, number)
        runner.iter += 1


def test_channels_by_their_own_deviation_and_mean():
    maps = torch.stack([
        torch.zeros(2, 3, 3),
        torch.full((2, 3, 3), -7.),
        10 + torch.linspace(-1, 1, 18).view(2, 3, 3),
        torch.linspace(-1, 1, 18).view(2, 3, 3)
    ], dim=1)
    deviation = float(maps[:, 2].std(unbiased=False))
    for ratio in (deviation / 10 * .99, deviation / 10 * 1.01):
        assert constant_channels(maps, ratio).tolist() == [
            True, True, ratio > deviation / 10, False]


@pytest.mark.parametrize('alone', [True, False])
def test_warns_of_the_map_and_its_channels(caplog, alone):
    hook = MapCheckHook(interval=1)
    train(hook, make_runner(Backbone(constant=2, alone=alone)))
    record, = caplog.records
    assert record.levelname == 'WARNING'
    assert f'map {int(not alone)} of the backbone' in record.getMessage()
    assert '2 of 4 channels' in record.getMessage()
    assert 'norm_eval=False' in record.getMessage()


def test_living_maps_are_not_warned_of(caplog):
    train(MapCheckHook(interval=1), make_runner(Backbone(constant=1)))
    assert not caplog.records


def test_one_look_in_every_interval_and_no_hook_stays(caplog):
    runner = make_runner(Backbone(constant=4))
    train(MapCheckHook(interval=3), runner, iterations=7)
    assert len(caplog.records) == 2
    assert not runner.model.backbone._forward_hooks


def test_a_channel_counts_if_no_call_lets_it_vary(caplog):
    class Alternating(Backbone):
        """Constant for every second call alone."""

        def forward(self, x):
            self.constant = 4 - self.constant
            return super().forward(x)

    train(MapCheckHook(interval=1), make_runner(Alternating()), calls=2)
    assert not caplog.records


def test_what_does_not_fit_is_told():
    with pytest.raises(ValueError, match='model.backbone'):
        MapCheckHook().before_train(make_runner(None))
    with pytest.raises(ValueError, match='interval'):
        MapCheckHook(interval=0)
