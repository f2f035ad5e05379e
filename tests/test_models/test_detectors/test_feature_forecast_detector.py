import copy

import pytest
import torch
from mmengine.runner import load_state_dict

from mmextra.models.detectors import VideoStream
from tests.helpers import worked_case
from tests.video_helpers import (
    PER_FRAME,
    RESIDUAL,
    build,
    clip,
    frame_sample,
    model_cfg,
    policy,
    results,
    run_frames,
    same,
    training_step,
    video,
)


@torch.no_grad()
def test_injected_residual_detects_as_the_detector_alone():
    model = build(temporal=RESIDUAL)
    pixels = video(3)
    found = run_frames(model, pixels)
    for t in range(3):
        alone = model.detector.predict(pixels[t:t + 1], [frame_sample(t)])[0]
        assert torch.equal(found[t][0], alone.pred_instances.bboxes)
        assert torch.equal(found[t][1], alone.pred_instances.scores)
        assert len(found[t][0])


def test_per_frame_model_is_the_detector():
    model, whole, pixels = build(**PER_FRAME), build(temporal=RESIDUAL), \
        video(3)
    model.load_state_dict(whole.state_dict(), strict=False)
    assert same(run_frames(model, pixels), run_frames(whole, pixels))


def test_threshold_of_one_always_reads():
    pixels = video(5)
    one = run_frames(build(**policy(threshold=1.0)), pixels)
    assert not any(item[2] for item in one)
    assert same(one, run_frames(build(**policy(mode='always_read')), pixels))
    never = run_frames(build(**policy(threshold=-1.)), pixels)
    assert [item[2] for item in never] == [False] + [True] * 4
    assert same(never, run_frames(
        build(**policy(mode='always_forecast')), pixels))
    assert not same(one, never)


def test_forecast_step_does_not_look_at_the_image():
    model = build(**policy(mode='alternate'))
    pixels = video(6)
    before = run_frames(model, pixels)
    seen = []
    model.detector.backbone.register_forward_hook(
        lambda *_: seen.append(1))
    pixels[1::2] = float('nan')
    assert same(before, run_frames(model, pixels))
    assert len(seen) == 3


@torch.no_grad()
def test_frame_by_frame_is_the_definition():
    """Section 1.1 written out."""
    model = build(**policy(mode='alternate'))
    pixels, state, pending, expected = video(4), None, None, []
    for t in range(4):
        feats = model.extract_maps(pixels[t:t + 1]) if t % 2 == 0 else pending
        ahead, back, new = [], [], []
        for k, (enc1, enc2) in enumerate(zip(model.temporal.enc1,
                                             model.temporal.enc2)):
            first, second = state[k] if state else (None, None)
            forecast, first = enc1(feats[k], first)
            converted, second = enc2(forecast, second)
            ahead.append(forecast)
            back.append((feats[k] + converted) / 2)
            new.append((first, second))
        state, pending = new, tuple(ahead)
        found = model.detector.bbox_head.predict(
            model.detector.neck(back), [frame_sample(t)])[0]
        expected.append((found.bboxes, found.scores, t % 2 == 1))
    assert same(expected, run_frames(model, pixels))


@torch.no_grad()
def test_whole_video_equals_frames_and_videos_do_not_mix():
    model = build(**policy(threshold=0.4))
    one, two = video(5, seed=1), video(4, seed=2)
    apart = [run_frames(build(**policy(threshold=0.4)), v, video_id=k)
             for k, v in ((1, one), (2, two))]
    assert any(item[2] for item in apart[0])
    assert same(results(model.predict(one[None], [clip(5)])[0]), apart[0])
    assert same(run_frames(model, two, video_id=2), apart[1])
    assert same(run_frames(model, one), apart[0])


def test_streams_of_two_videos_are_independent():
    model = build(**policy(mode='alternate'))
    videos = [video(4, seed=k) for k in (1, 2)]
    expected = [run_frames(model, v) for v in videos]
    streams = [VideoStream(model.new_policy()) for _ in videos]
    found = [[], []]
    with torch.no_grad():
        for t in range(4):
            for k in (0, 1):
                found[k].append(model.advance(
                    streams[k], videos[k][t:t + 1], frame_sample(t)))
    assert all(same(results(found[k]), expected[k]) for k in (0, 1))


def test_a_frame_that_must_be_read_needs_its_image():
    model = build(**policy(mode='always_forecast'))
    stream = VideoStream(model.new_policy())
    with pytest.raises(ValueError, match='give its image'):
        model.advance(stream, None, frame_sample(0), op='forecast')


def test_stream_follows():
    stream = VideoStream(build().new_policy(), size=(64, 64), video_id=3,
                         frame_id=4)
    assert stream.follows(3, 5, (64, 64)) and stream.follows(3, 9, (64, 64))
    assert not stream.follows(3, 4, (64, 64))
    assert not stream.follows(2, 5, (64, 64))
    assert not stream.follows(3, 5, (64, 32))
    stream.reset()
    assert stream.follows(2, 0, (32, 32))


def test_size_change_begins_anew():
    model = build(**policy(mode='always_forecast'))
    with torch.no_grad():
        for size, t in ((64, 0), (64, 1), (32, 2), (32, 3)):
            sample = clip(1, size=size)
            sample[0].set_metainfo(dict(frame_id=t))
            found = model.predict(video(1, size=size)[None], [sample])[0]
            assert found[0].is_forecast == (t in (1, 3))


def test_validation_leaves_nothing_behind():
    model = build()
    run_frames(model, video(2))
    assert model._stream.memory is not None
    assert not any('stream' in name for name in model.state_dict())
    copy.deepcopy(model)
    assert model.train() is model and model._stream is None


@pytest.mark.parametrize('active', [False, True])
def test_gradients_reach_what_is_trained(active):
    model = build()
    model.decision_active = active
    losses = training_step(model)
    total, logs = model.parse_losses(losses)
    assert {'forecast_vs_copy', 'loss_forecast', 'loss_decision'} <= set(logs)
    assert ('decision_acc' in logs) == active
    total.backward()
    missing = [name for name, p in model.named_parameters()
               if p.grad is None]
    assert not missing
    for name in ('temporal.enc1.', 'temporal.enc2.', 'detector.backbone.'):
        assert any(p.grad.abs().sum() > 0
                   for n, p in model.named_parameters() if n.startswith(name))
    reached = any(p.grad.abs().sum() > 0
                  for p in model.scheduler.parameters())
    assert reached == active
    if not active:
        assert losses['loss_decision'].item() == 0


def test_losses_are_those_of_the_steps():
    """The forecast loss against an own loop, and the sum of Eq. 1."""
    model = build()
    model.temporal.train_mix_probs = (1., 0., 0.)
    losses = training_step(model, samples=1, frames=3)
    with torch.no_grad():
        model.train()
        feats = model.extract_maps(video(3, seed=0))[0]
        state, errors, copied = None, [], []
        for t in range(2):
            ahead, _, state = model.temporal.step((feats[t:t + 1], ), state)
            errors.append((ahead[0] - feats[t + 1:t + 2]).square().mean())
            copied.append((feats[t] - feats[t + 1]).square().mean())
        # Only current maps reach the head: it is the detector's own loss.
        alone = model.detector.bbox_head.loss(
            model.detector.neck((feats[:2], )),
            [clip(3, boxes=1)[t] for t in range(2)])
    assert losses['loss_forecast'].item() == pytest.approx(
        sum(errors).item() / 2, rel=1e-5)
    assert losses['forecast_vs_copy'].item() == pytest.approx(
        (sum(errors) / sum(copied)).item(), rel=1e-4)
    for key, value in alone.items():
        assert sum(losses[key]).item() == pytest.approx(
            sum(value).item(), rel=1e-4)


def test_weights_of_the_sum():
    case = worked_case('feature_forecast', 'decision_loss')
    assert case['expected']['weighted'] == pytest.approx(
        model_default('loss_decision_weight') * case['expected']['mean'],
        abs=1e-5)
    weighted = build(loss_decision_weight=7.)
    single = build(loss_decision_weight=1.)
    values = [training_step(m)['loss_decision'].item()
              for m in (weighted, single)]
    assert values[0] == pytest.approx(7 * values[1], rel=1e-5)


def model_default(name):
    return getattr(build(), name)


def test_forecast_target_gets_no_gradient():
    model = build(loss_decision_weight=0.)
    model.train()
    maps = torch.rand(3, 8, 4, 4, requires_grad=True)
    model.extract_maps = lambda images: (maps, )
    model.loss(video(3)[None], [clip(3, boxes=0)])[
        'loss_forecast'].backward()
    assert maps.grad[0].abs().sum() > 0 and maps.grad[1].abs().sum() > 0
    assert maps.grad[2].abs().sum() == 0


def test_empty_frames_and_short_clips():
    model = build().train()
    losses = model.loss(video(2)[None], [clip(2, boxes=0)])
    total, _ = model.parse_losses(losses)
    total.backward()
    assert total.isfinite()
    with pytest.raises(ValueError, match='at least 2 frames'):
        model.loss(video(1)[None], [clip(1)])
    alone = build(**PER_FRAME).train()
    assert alone.loss(video(1)[None], [clip(1)])['loss_cls']


def test_recurrent_baseline():
    model = build(temporal=dict(
        type='RecurrentFeatureModule', in_channels=8, hidden_channels=4),
        scheduler=None, loss_forecast=None, policy=dict(mode='always_read'))
    losses = training_step(model)
    assert not any('forecast' in key for key in losses)
    model.eval()
    found = run_frames(model, video(3))
    assert not any(item[2] for item in found)
    assert not torch.equal(found[2][1], run_frames(
        model, video(3)[2:])[0][1])


def test_checkpoint_of_the_detector_alone():
    model, source = build(seed=0), build(seed=5)
    load_state_dict(model, dict(source.detector.state_dict()), strict=False)
    for name, value in source.detector.state_dict().items():
        assert torch.equal(model.detector.state_dict()[name], value)
    load_state_dict(model, dict(build(seed=7).state_dict()), strict=True)


def test_confidence_and_times_are_told():
    model = build(test_cfg=dict(timing=True))
    with torch.no_grad():
        sample = model.predict(video(2)[None], [clip(2)])[0]
    assert 0 < sample[1].forecast_conf < 1 and sample[1].time_model > 0
    model = build(**policy(mode='always_read'))
    with torch.no_grad():
        sample = model.predict(video(1)[None], [clip(1)])[0]
    assert sample[0].forecast_conf is None and 'time_model' not in sample[0]


def test_tensor_mode_and_batches():
    model = build()
    with torch.no_grad():
        scores, _ = model(video(2)[None], mode='tensor')
        assert scores[0].shape[-2:] == (8, 8)
        with pytest.raises(ValueError, match='batch_size=1'):
            model.predict(torch.rand(2, 1, 3, 64, 64), [clip(1)] * 2)


RECURRENT = dict(type='RecurrentFeatureModule', in_channels=8)


def test_a_threshold_of_one_needs_no_scheduler():
    model = build(scheduler=None, loss_forecast=None)
    assert not any(item[2] for item in run_frames(model, video(4)))


@pytest.mark.parametrize('wrong, text', [
    (dict(scheduler=None, policy=dict(threshold=.5)), 'always_read'),
    (dict(temporal=None), 'scheduler needs'),
    (dict(temporal=RECURRENT, scheduler=None), 'loss_forecast needs'),
    (dict(temporal=RECURRENT, scheduler=None, loss_forecast=None,
          policy=dict(mode='alternate')), 'policy mode'),
    (dict(insert='head'), 'insert'),
    (dict(scheduler_input='forecast'), 'scheduler_input'),
    (dict(test_cfg=dict(score_thr=.1)), 'detector.test_cfg'),
    (dict(policy=dict(mode='never')), 'mode of the policy'),
    (dict(decision_cfg=dict(score_thr=.3, rollout_steps=-1)),
     'rollout_steps'),
    (dict(decision_cfg=dict(iou_thresh=.5)),
     "decision_cfg: unknown field 'iou_thresh'.*did you mean 'iou_thr'"),
    (dict(decision_cfg=dict(empty_target='skip')), "0, 1 or 'ignore'"),
    (dict(decision_cfg=dict(score_thr=30)), 'from 0 to 1'),
])
def test_parts_that_do_not_fit(wrong, text):
    with pytest.raises(ValueError, match=text):
        build(**wrong)
    assert model_cfg()['type']


@torch.no_grad()
def test_half_precision_reaches_no_nms():
    """Autocast leaves the head's outputs in bfloat16."""
    model = build(**policy(mode='alternate', interval=2))
    model.detector.bbox_head.test_cfg['score_thr'] = 0.
    pixels = video(3)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = run_frames(model, pixels)
        samples = [frame_sample(0)]
        judged = model.forecast_judge().detections(
            model.extract_maps(pixels[:1]), samples)
    for boxes, scores, *_ in found:
        assert boxes.dtype == scores.dtype == torch.float32 and len(boxes)
    assert judged[0].scores.dtype == torch.float32


