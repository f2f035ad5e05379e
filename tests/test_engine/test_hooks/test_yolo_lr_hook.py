from types import SimpleNamespace

import pytest
import torch
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.runner import IterBasedTrainLoop
from torch import nn

from mmextra.engine.hooks import YOLOLrHook, lr_factor
from tests.helpers import worked_case

CASE = worked_case('lcb_yolov5', 'schedule')


def make_runner(iters=CASE['iters_per_epoch'], schedulers=()):
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    optim = build_optim_wrapper(model, dict(
        type='OptimWrapper',
        optimizer=dict(type='SGD', lr=.01, momentum=.937, nesterov=True,
                       weight_decay=.0005),
        paramwise_cfg=dict(norm_decay_mult=0., bias_decay_mult=0.)))
    return SimpleNamespace(
        model=model, optim_wrapper=optim, param_schedulers=list(schedulers),
        train_dataloader=range(iters), max_epochs=150, iter=0, epoch=0)


def run(hook, runner, iteration, epoch):
    runner.iter, runner.epoch = iteration, epoch
    hook.before_train_iter(runner, 0)
    groups = runner.optim_wrapper.optimizer.param_groups
    names = {id(p): n for n, p in runner.model.named_parameters()}
    return {names[id(g['params'][0])]: g for g in groups}


@pytest.mark.parametrize('point', CASE['points'],
                         ids=lambda p: str(p['iter']))
def test_points_of_the_schedule(point):
    hook, runner = YOLOLrHook(), make_runner()
    hook.before_train(runner)
    groups = run(hook, runner, point['iter'], point['epoch'])
    for name, group in groups.items():
        wanted = point['lr_bias' if name.endswith('bias') else 'lr']
        assert group['lr'] == pytest.approx(wanted, rel=1e-9, abs=1e-15)
        assert group['momentum'] == pytest.approx(point['momentum'])
        decay = .0005 if name == '0.weight' else 0
        assert group['weight_decay'] == decay
    assert {n.endswith('bias') for n in groups} == {True, False}
    # What mmengine logs as base_lr follows the weights.
    base = runner.optim_wrapper.param_groups[-1]['lr']
    assert base == groups['0.weight']['lr']


def test_warm_up_takes_a_thousand_iterations_at_least():
    hook, runner = YOLOLrHook(), make_runner(iters=10)
    hook.before_train(runner)
    assert run(hook, runner, 500, 50)['0.weight']['momentum'] == \
        pytest.approx((.8 + .937) / 2)


def test_resumed_run_goes_on():
    hook, runner = YOLOLrHook(), make_runner()
    hook.before_train(runner)
    run(hook, runner, 600, 1)
    saved = runner.optim_wrapper.state_dict()
    hook, resumed = YOLOLrHook(), make_runner()
    resumed.optim_wrapper.load_state_dict(saved)
    hook.before_train(resumed)
    point = next(p for p in CASE['points'] if p['epoch'] == 75)
    group = run(hook, resumed, point['iter'], 75)['0.weight']
    assert group['lr'] == pytest.approx(point['lr'])
    assert group['momentum'] == pytest.approx(.937)


def test_cosine():
    factors = [lr_factor(e, 10, .2, 'cosine') for e in (0, 5, 10)]
    assert factors == pytest.approx([1, .6, .2])


def test_optimiser_without_momentum():
    hook, runner = YOLOLrHook(), make_runner()
    runner.optim_wrapper = OptimWrapper(
        torch.optim.Adam(runner.model.parameters(), lr=.01))
    hook.before_train(runner)
    hook.before_train_iter(runner, 0)
    group = runner.optim_wrapper.optimizer.param_groups[0]
    assert group['lr'] == 0 and 'momentum' not in group


def test_illegal_use():
    with pytest.raises(ValueError, match=r'param_scheduler=\[\]'):
        YOLOLrHook().before_train(make_runner(schedulers=['some']))
    with pytest.raises(ValueError, match="policy must be .*'step'"):
        YOLOLrHook(policy='step')


def test_counted_in_iterations():
    """The warm-up as with epochs; then a straight line to ``lrf``."""
    hook = YOLOLrHook(warmup_min_iters=50, warmup_epochs=0, by_epoch=False)
    runner = make_runner()
    runner.max_iters = 400
    hook.before_train(runner)
    for it, rate, bias in ((0, 0, .1), (25, None, None), (200, .01 * .505,
                                                        .01 * .505)):
        groups = run(hook, runner, it, 0)
        if it == 25:
            # Half-way between the start and the line's value there.
            line = .01 * (1 - 25 / 400 * .99)
            rate, bias = line / 2, (.1 + line) / 2
        assert groups['0.weight']['lr'] == pytest.approx(rate)
        assert groups['0.bias']['lr'] == pytest.approx(bias)


def test_epochs_of_a_loop_counted_in_iterations():
    runner = make_runner()
    runner.train_loop = IterBasedTrainLoop.__new__(IterBasedTrainLoop)
    with pytest.raises(ValueError, match='by_epoch=False'):
        YOLOLrHook().before_train(runner)
    YOLOLrHook(by_epoch=False).before_train(runner)
