"""What the scheduler is asked in training, and its targets."""
import copy

import pytest
import torch

from mmextra.models.detectors.forecast_judge import ForecastJudge
from mmextra_runtime.box_motion import map_change
from tests.video_helpers import (
    build,
    clip,
    frame_sample,
    policy,
    run_frames,
    training_step,
    video,
)


def test_target_of_the_scheduler_moves_no_statistics():
    model = build().train()
    before = copy.deepcopy(model.detector.neck.state_dict())
    modes = {m: m.training for m in model.detector.modules()}
    targets = model.forecast_judge().targets(
        (torch.rand(3, 8, 8, 8, requires_grad=True), ),
        [frame_sample(t, boxes=t) for t in range(3)])
    assert targets.shape == (3, ) and targets[0] == 1
    assert modes == {m: m.training for m in model.detector.modules()}
    for name, value in model.detector.neck.state_dict().items():
        assert torch.equal(value, before[name])


def test_what_is_missed_anyway_does_not_count():
    model = build()
    truth = frame_sample(1).gt_instances
    found = truth[:1]
    found.scores = torch.ones(1)
    model.detector.bbox_head.predict_by_feat = lambda *outs, **_: [found]
    forecast = (torch.rand(1, 8, 8, 8), )
    assert len(truth) > 1
    judge = model.forecast_judge()
    assert judge.targets(forecast, [frame_sample(1)]).tolist() == [0]
    assert judge.targets(
        forecast, [frame_sample(1)], [found]).tolist() == [1]


def record_targets(monkeypatch):
    """What the targets of the scheduler are made of, call after call."""
    judged, targets = [], ForecastJudge.targets
    monkeypatch.setattr(
        ForecastJudge, 'targets', lambda judge, *parts: judged.append(
            parts) or targets(judge, *parts))
    return judged


def test_relative_targets_look_at_the_real_maps(monkeypatch):
    model = build(decision_cfg=dict(
        iou_thr=0.7, score_thr=0., empty_target=1, relative=True,
        rollout_steps=2)).train()
    detected, judged = [], record_targets(monkeypatch)
    detect = model.detector.bbox_head.predict_by_feat
    model.detector.bbox_head.predict_by_feat = lambda *outs, **options: (
        detected.append(len(options['batch_img_metas'])) or
        detect(*outs, **options))
    pixels = torch.stack([video(5, seed=k) for k in range(2)])
    clips = [clip(5, boxes=k + 1, video_id=k) for k in range(2)]
    model.loss(pixels, clips)
    # Real frames once each, whatever the number of runs; then all forecasts.
    assert detected == [2 * 4, 2 * (4 + 3 + 2)]
    (_, samples, readings), = judged
    with torch.no_grad():
        maps = model.extract_maps(pixels.flatten(0, 1))[0]
    assert len(readings) == len(samples)
    for sample, reading in zip(samples, readings):
        row = 5 * sample.video_id + sample.frame_id
        expected, = model.forecast_judge().detections(
            (maps[row:row + 1], ), [sample])
        assert len(expected)
        torch.testing.assert_close(reading.bboxes, expected.bboxes)
        torch.testing.assert_close(reading.scores, expected.scores)


def test_detections_with_mean_probability_give_target_one():
    model = build()
    found = frame_sample(1).gt_instances
    found.scores = torch.tensor([.9, .31])
    seen = {}

    def predict(*_, cfg, **__):
        seen.update(cfg)
        return [found]
    model.detector.bbox_head.predict_by_feat = predict
    maps = (torch.rand(1, 8, 8, 8), )
    judge = model.forecast_judge()
    assert judge.targets(maps, [frame_sample(1)]).tolist() == [1]
    assert seen['score_thr'] == 0.3
    assert model.detector.bbox_head.test_cfg.score_thr == 0.02
    found.scores[1] = .29
    assert judge.targets(maps, [frame_sample(1)]).tolist() == [0]


def test_scheduler_input():
    feats, back, ahead = ((torch.rand(1, 8, 4, 4), ) for _ in range(3))
    seen = []
    for kind, first in (('converted', back[0]),
                        ('mean', (feats[0] + back[0]) / 2),
                        ('current', feats[0]), ('read', feats[0])):
        model = build(scheduler_input=kind)
        model.scheduler.register_forward_pre_hook(
            lambda _, inputs: seen.append(inputs))
        model.schedule(feats, back, ahead)
        assert torch.equal(seen[-1][0], first)
        assert torch.equal(seen[-1][1], ahead[0])
    read = (torch.rand(1, 8, 4, 4), )
    model.schedule(feats, back, ahead, read)
    assert torch.equal(seen[-1][0], read[0])


def test_scheduler_sees_the_last_map_that_was_read():
    model = build(scheduler_input='read', **policy(threshold=-1.))
    seen, pixels = [], video(4)
    model.scheduler.register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0]))
    run_frames(model, pixels)
    with torch.no_grad():
        first = model.extract_maps(pixels[:1])[0]
    assert len(seen) == 4
    assert all(torch.equal(each, first) for each in seen)


def test_scheduler_learns_from_runs_of_forecasts(monkeypatch):
    """Each run against a video that is read up to some frame, and from then
    on forecast."""
    model = build(scheduler_input='read', decision_cfg=dict(
        iou_thr=0.7, score_thr=0.3, empty_target=1, rollout_steps=2))
    model.train()
    pixels = torch.stack([video(5, seed=k) for k in range(2)])
    clips = [clip(5, boxes=k + 1, video_id=k) for k in range(2)]
    asked, judged = [], record_targets(monkeypatch)
    schedule = model.schedule
    model.schedule = lambda *maps: asked.append(maps) or schedule(*maps)
    losses = model.loss(pixels, clips)
    losses['loss_decision'].backward()
    assert model.scheduler.fc.weight.grad.abs().sum() > 0
    (current, converted, forecast, read, changes), = asked
    assert len(current[0]) == len(converted[0]) == 2 * (4 + 3 + 2)

    with torch.no_grad():
        maps = [model.extract_maps(pixels.flatten(0, 1))[0][k * 5:k * 5 + 5]
                for k in range(2)]
        row = 8
        (_, samples, _), = judged
        for ahead in (2, 3):
            for t, k in ((t, k) for t in range(ahead, 5) for k in range(2)):
                assert (samples[row].frame_id,
                        samples[row].video_id) == (t, k)
                state = None
                for begin in range(t - ahead + 1):
                    step = model.temporal.step(
                        (maps[k][begin:begin + 1], ), state)
                    state = step.state
                for _ in range(ahead - 1):
                    given = step.forecast
                    step = model.temporal.step(given, step.state)
                for got, expected in (
                        (current, given), (converted, step.converted),
                        (forecast, step.forecast),
                        (read, (maps[k][t - ahead:t - ahead + 1], ))):
                    torch.testing.assert_close(got[0][row], expected[0][0])
                begin = t - ahead
                change = -1. if not begin else ahead * map_change(
                    maps[k][begin].numpy()[None],
                    maps[k][begin - 1].numpy()[None])
                assert changes[row].item() == pytest.approx(change, rel=1e-5)
                row += 1
        assert row == len(read[0])


def test_scheduler_that_sees_the_change():
    model = build(scheduler=dict(
        type='CorrelationScheduler', max_displacement=2,
        conv_channels=(4, 4), sees_change=True),
        policy=dict(mode='scheduler', threshold=.5, max_forecasts=2))
    total, _ = model.parse_losses(training_step(model))
    total.backward()
    assert model.scheduler.fc.weight.grad[:, -1].abs().sum() > 0
    model.eval()
    asked, forward = [], model.scheduler.forward

    def judge(first, second, change):
        asked.append(change.item())
        return forward(first, second, change) * 0 + torch.tensor([0., 1.])
    model.scheduler.forward = judge
    pixels = video(6)
    found = run_frames(model, pixels)
    assert [item[2] for item in found] == [False, True, True] * 2
    with torch.no_grad():
        change = map_change(*(model.extract_maps(pixels[t:t + 1])[0].numpy()
                              for t in (3, 0))) / 3
    # Unknown at first; then grown by the age of the read.
    assert asked[:3] == [-1, -1, -1]
    assert asked[3:] == pytest.approx(
        [change, 2 * change, 3 * change], rel=1e-4)


