"""Runs of forecasts in training."""

import pytest
import torch

from tests.video_helpers import (
    PER_FRAME,
    build,
    clip,
    training_step,
    video,
)


def test_runs_of_forecasts_are_trained():
    """Against an own loop; only forecasts reach the head."""
    model = build(rollout_cfg=dict(
        steps=2, head_weight=.5, forecast_weight=3.))
    model.temporal.train_mix_probs = (1., 0., 0.)
    losses = training_step(model, samples=1, frames=4)
    plain = training_step(build(), samples=1, frames=4)
    assert {key for key in losses if 'run' in key} == {
        'loss_cls_run1', 'loss_bbox_run1', 'loss_cls_run2',
        'loss_bbox_run2', 'loss_forecast_run2'}
    assert not any('run' in key for key in plain)
    with torch.no_grad():
        model.train()
        maps = model.extract_maps(video(4, seed=0))[0]
        state, given, after, errors = None, {1: [], 2: []}, [], []
        for t in range(3):
            step = model.temporal.step((maps[t:t + 1], ), state)
            state = step.state
            given[1].append(step.forecast[0])
            after.append(model.temporal.step(step.forecast, state))
        for t in range(2):
            given[2].append(after[t].forecast[0])
            errors.append((given[2][-1] - maps[t + 2]).square().mean())
        for length in (1, 2):
            alone = model.detector.bbox_head.loss(
                model.detector.neck((torch.cat(given[length]), )),
                [clip(4, boxes=1)[t] for t in range(length, 4)])
            for key, value in alone.items():
                assert sum(losses[f'{key}_run{length}']).item() == \
                    pytest.approx(.5 * sum(value).item(), rel=1e-4)
    assert losses['loss_forecast_run2'].item() == pytest.approx(
        3 * sum(errors).item() / 2, rel=1e-4)
    model.zero_grad()
    sum(losses['loss_bbox_run2']).backward()
    assert any(p.grad is not None and p.grad.abs().sum() > 0
               for p in model.temporal.enc1.parameters())


@pytest.mark.parametrize('wrong, text', [
    (dict(rollout_cfg=dict(steps=-1)), 'steps'),
    (dict(rollout_cfg=dict(steps=1, head_weight=-1)), 'head_weight'),
    (dict(PER_FRAME, rollout_cfg=dict(steps=1)), 'rollout_cfg'),
    (dict(policy=dict(mode='change', between='sometimes')), 'between'),
    (dict(loss_forecast=dict(type='ForecastMSELoss', motion_weight=-1)),
     'motion_weight')])
def test_wrong_settings_of_runs(wrong, text):
    with pytest.raises(ValueError, match=text):
        build(**wrong)
