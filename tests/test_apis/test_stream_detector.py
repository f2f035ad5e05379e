import warnings

import cv2
import numpy as np
import pytest
import torch
from mmdet.registry import DATASETS
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmextra.apis import ImageFolder, init_stream_detector, open_source
from mmextra.models.task_modules import ReadPolicy
from mmextra.utils.checkpoint_fit import check_fit
from tests.helpers import worked_case
from tests.video_helpers import (
    PER_FRAME,
    SIZE,
    config,
    detector_cfg,
    results,
    same,
)


def build(policy=None, **options):
    torch.manual_seed(0)
    return init_stream_detector(config(height=48, **options), policy=policy)


def frames(count, height=50, width=70, seed=0):
    return list(np.random.default_rng(seed).integers(
        0, 256, (count, height, width, 3), dtype=np.uint8))


@torch.no_grad()
def test_stream_equals_the_test_loop(moving):
    init_default_scope('mmdet')
    changes = dict(policy=dict(mode='scheduler', threshold=0.5))
    cfg = config(moving, height=48, **changes)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    torch.manual_seed(0)
    stream = init_stream_detector(cfg)
    ops = []
    for index in range(len(dataset)):
        stream.model._stream = None
        expected, found = [], []
        stream.reset()
        for t in range(dataset.get_len_per_video(index)):
            data = pseudo_collate([dataset.prepare_data((index, t))])
            expected += stream.model.test_step(data)[0].video_data_samples
            path = expected[-1].img_path
            found.append(stream.step(cv2.imread(path)))
        assert same(results(found), results(expected))
        assert [s.forecast_conf for s in found] == [
            s.forecast_conf for s in expected]
        ops += [s.is_forecast for s in found]
    assert any(ops) and not all(ops)
    assert stream.stats['frames'] == len(ops)
    assert stream.stats['forecasts'] == sum(ops)


def test_run_fetches_only_what_is_needed():
    class Source:
        def __init__(self):
            self.left = frames(6)
            self.calls = []

        def read(self):
            self.calls.append('read')
            return (True, self.left.pop(0)) if self.left else (False, None)

        def grab(self):
            self.calls.append('grab')
            return bool(self.left and self.left.pop(0) is not None)

    detector, source = build(dict(mode='alternate', interval=3)), Source()
    pairs = list(detector.run(source))
    assert source.calls == ['read', 'grab', 'grab'] * 2 + ['read']
    assert [frame is None for frame, _ in pairs] == [False, True, True] * 2
    assert [r.frame_index for _, r in pairs] == list(range(6))
    assert all(r.latency_ms > 0 for _, r in pairs)
    again = [r for _, r in detector.run(frames(6))]
    assert same(results([r for _, r in pairs]), results(again))
    assert detector.stats['ratio'] == pytest.approx(2 / 3)


def test_frames_that_are_not_needed_change_nothing():
    detector = build(dict(mode='always_forecast'))
    first, second, other = frames(3)
    detector.step(first)
    assert not detector.needs_frame
    blind = detector.step()
    detector.reset()
    assert detector.needs_frame
    detector.step(first)
    seeing = detector.step(second)
    assert same(results([blind]), results([seeing]))
    forced = detector.step(other, force_read=True)
    assert not forced.is_forecast and detector.step().is_forecast


def test_missing_frames_and_wrong_ones_are_told():
    detector = build(dict(mode='always_forecast'))
    with pytest.raises(ValueError, match='needs_frame'):
        detector.step()
    detector.step(frames(1)[0])
    with pytest.raises(ValueError, match='was not given'):
        detector.step(force_read=True)
    with pytest.raises(ValueError, match='BGR'):
        detector.step(np.zeros((8, 8), np.uint8))
    with pytest.raises(ValueError, match='BGR'):
        detector.step(np.zeros((0, 8, 3), np.uint8))
    with pytest.raises(ValueError, match='numpy'):
        detector.step(torch.zeros(8, 8, 3))
    with pytest.raises(ValueError, match='float'):
        detector.step(np.zeros((8, 8, 3), np.float32))


def test_checkpoints_of_other_models_are_refused(tmp_path):
    """Loading would leave at random what does not fit."""
    torch.manual_seed(0)
    good = init_stream_detector(config(height=48)).model
    state = good.state_dict()
    paths = {name: str(tmp_path / f'{name}.pth')
             for name in ('good', 'classes', 'foreign', 'part', 'names')}
    names = ('airplane', 'car', 'watercraft')
    meta = dict(dataset_meta=dict(classes=names))
    torch.save(dict(state_dict=state, meta=meta), paths['good'])
    other = init_stream_detector(config(height=48, detector=detector_cfg(
        num_classes=7))).model
    torch.save(dict(state_dict=other.state_dict(), meta=dict(
        dataset_meta=dict(classes=tuple('abcdefg')))), paths['classes'])
    torch.save(dict(state_dict={'a.weight': torch.ones(2)}),
               paths['foreign'])
    torch.save(dict(state_dict={
        key: value for key, value in state.items()
        if key.startswith('detector.')}), paths['part'])
    torch.save(dict(state_dict=state, meta=dict(dataset_meta=dict(
        classes=('cat', 'dog', 'cow')))), paths['names'])
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        check_fit(good, paths['good'], names)
    with pytest.raises(ValueError, match='classes.pth.*another shape, the '
                       r'first detector.bbox_head.*knows the classes a, b'):
        init_stream_detector(config(height=48), paths['classes'])
    with pytest.raises(ValueError, match='foreign.pth.*none of its 1 weigh'):
        init_stream_detector(config(height=48), paths['foreign'])
    with pytest.warns(UserWarning, match='part.pth: .* stay as they are'):
        init_stream_detector(config(height=48), paths['part'])
    with pytest.warns(UserWarning, match='names.pth was trained on the '
                      'classes cat, dog, cow'):
        init_stream_detector(config(height=48), paths['names'])


def test_files_and_policies_are_taken_as_they_are(tmp_path):
    path = tmp_path / 'tiny.py'
    config(height=48).dump(path)
    policy = ReadPolicy('alternate', interval=3)
    detector = init_stream_detector(path, policy=policy)
    assert vars(detector.stream.policy) == vars(policy)
    # Two streams of one object, frame by frame, do not count together.
    other = init_stream_detector(path, policy=policy)
    ops = []
    for frame in frames(6):
        ops.append(detector.step(frame).is_forecast)
        other.step(frame, force_read=True)
    assert policy.frame == 0
    detector.reset()
    assert ops == [False, True, True] * 2
    ops = [detector.step(frame).is_forecast for frame in frames(6)]
    assert ops == [False, True, True] * 2


def test_size_change_begins_anew():
    detector = build(dict(mode='always_forecast'))
    detector.step(frames(1)[0])
    detector.step()
    small = frames(1, 30, 40)[0]
    result = detector.step(small)
    assert not result.is_forecast and result.ori_shape == (30, 40)
    assert result.frame_index == 0
    detector.reset()
    assert same(results([detector.step(small)]), results([result]))


def test_boxes_are_in_pixels_of_the_frame():
    detector = build()
    result = detector.step(frames(1, 100, 140)[0])
    high = result.pred_instances.bboxes.max(0).values
    assert high[2] > SIZE and high[3] > 48
    assert high[2] <= 140.01 and high[3] <= 100.01


def test_optimized_model_detects_the_same():
    plain = build(dict(mode='alternate'))
    torch.manual_seed(0)
    fast = init_stream_detector(
        config(height=48), policy=dict(mode='alternate'), optimize=True)
    for frame in frames(4):
        a, b = (d.step(frame).pred_instances for d in (plain, fast))
        torch.testing.assert_close(a.bboxes, b.bboxes, rtol=1e-3, atol=1e-2)
        torch.testing.assert_close(a.scores, b.scores, rtol=1e-3, atol=1e-4)


def test_reset_of_the_worked_case():
    """Decisions as the stream takes them, with given confidences."""
    case = worked_case('feature_forecast', 'policy_video_reset')
    detector = build(dict(threshold=0.5))
    total = []
    for item in case['items']:
        detector.reset()
        confidences = iter(item['conf'])

        def logits(*_, confidences=confidences):
            return torch.tensor([[0., 1.]]) * torch.logit(
                torch.tensor(next(confidences)))
        detector.model.schedule = logits
        ops = []
        for frame in frames(len(item['conf'])):
            needed = detector.needs_frame
            result = detector.step(frame if needed else None)
            assert result.is_forecast != needed
            ops.append('forecast' if result.is_forecast else 'read')
        assert ops == item['expected']
        total += ops
    assert detector.stats['ratio'] == case['expected_forecast_ratio']
    assert isinstance(detector.stream.policy, ReadPolicy)


def test_sources(tmp_path):
    for number, name in enumerate(('2.png', '10.png', '1.png')):
        cv2.imwrite(str(tmp_path / name),
                    np.full((8, 8, 3), number, np.uint8))
    (tmp_path / 'notes.txt').write_text('x')
    source = open_source(str(tmp_path))
    assert isinstance(source, ImageFolder)
    assert source.read()[1][0, 0, 0] == 2 and source.grab()
    assert source.read()[1][0, 0, 0] == 1
    assert source.read() == (False, None) and not source.grab()
    (tmp_path / '3.png').write_bytes(b'')
    (tmp_path / '._1.png').write_bytes(b'')
    broken = open_source(str(tmp_path))
    broken.grab(), broken.grab()
    with pytest.raises(ValueError, match='3.png'):
        broken.read()
    with pytest.raises(FileNotFoundError, match='no video'):
        open_source(str(tmp_path / 'missing.mp4'))
    with pytest.raises(ValueError, match='cannot be opened'):
        open_source(str(tmp_path / 'notes.txt'))
    empty = tmp_path / 'empty'
    empty.mkdir()
    with pytest.raises(FileNotFoundError, match='no image'):
        open_source(str(empty))


def test_wrong_configs_are_told():
    cfg = config(height=48)
    cfg.test_dataloader.dataset.pipeline.pop(0)
    with pytest.raises(ValueError, match='TransformBroadcaster'):
        init_stream_detector(cfg)
    cfg = config(height=48)
    cfg.model = cfg.model.detector
    with pytest.raises(ValueError, match='SingleStageDetector'):
        init_stream_detector(cfg)


def boxes_of(sample):
    return sample.pred_instances.bboxes


@pytest.mark.parametrize('between', ['forecast', 'repeat', 'move'])
def test_peeking_is_what_comes_and_changes_nothing(between):
    """Two frames ahead, against a stream that goes there."""
    detector, other = (build(dict(mode='always_forecast', between=between))
                       for _ in range(2))
    with pytest.raises(ValueError, match='none was seen yet'):
        detector.peek()
    for frame in frames(2):
        for each in (detector, other):
            each.step(frame, force_read=True)
    ahead = [detector.peek(k) for k in (3, 1, 2)]
    assert [each.frame_index for each in ahead] == [4, 2, 3]
    coming = [other.step() for _ in range(3)]
    for k, each in zip((3, 1, 2), ahead):
        torch.testing.assert_close(boxes_of(each), boxes_of(coming[k - 1]))
    # Nothing happened to the one that looked.
    again = [detector.step() for _ in range(3)]
    assert same(results(again), results(coming))
    assert all(each.is_forecast for each in again)
    with pytest.raises(ValueError, match='at least 1'):
        detector.peek(0)


@pytest.mark.parametrize('between', ['forecast', 'repeat', 'move'])
def test_skipped_frames_count(between):
    """As if they had been seen, without their results."""
    policy = dict(mode='alternate', interval=4, between=between)
    detector, other = build(policy), build(policy)
    first = frames(1)[0]
    for each in (detector, other):
        each.step(first)
    detector.skip(2)
    expected = [other.step() for _ in range(3)][-1]
    found = detector.step()
    assert same(results([found]), results([expected]))
    assert found.frame_index == 3 and detector.stats['skipped'] == 2
    assert detector.stats['frames'] == 2
    # Frame 4 is the one to read; who misses it reads the next.
    assert detector.needs_frame
    detector.skip(1)
    assert detector.needs_frame
    assert not detector.step(first).is_forecast
    with pytest.raises(ValueError, match='-1'):
        detector.skip(-1)


def test_repeated_and_moved_boxes_need_no_network():
    detector = build(dict(mode='alternate', interval=3, between='repeat'))
    first, second = frames(2)
    shown = detector.step(first)
    calls = []
    detector.model.step_maps = lambda *_: calls.append(1)
    for _ in range(2):
        sample = detector.step()
        assert sample.is_forecast and sample.forecast_conf is None
        assert torch.equal(boxes_of(sample), boxes_of(shown))
        assert sample.pred_instances is not shown.pred_instances
    assert not calls


def test_boxes_move_as_between_two_reads():
    detector = build(dict(mode='alternate', interval=2, between='move'))
    place = iter([10., 14.])

    def detect(*_):
        x = next(place)
        return InstanceData(
            bboxes=torch.tensor([[x, 5., x + 20, 25.]]),
            scores=torch.ones(1), labels=torch.zeros(1, dtype=torch.long))
    detector.model.detect = detect
    found = [boxes_of(detector.step(frame))[0, 0].item()
             for frame in frames(4)]
    # At first nothing is known; then 4 pixels in two frames.
    assert found == [10, 10, 14, 16]
    detector.skip(1)
    assert boxes_of(detector.peek())[0, 0].item() == 20


@torch.no_grad()
def test_reads_by_change_of_the_map():
    """Still frames are left out, at most three in a row."""
    detector = build(dict(mode='change', threshold=1e-3))
    still, other = frames(2)
    ops = [detector.step(still).is_forecast for _ in range(7)]
    assert ops == [False, False, True, True, True, False, True]
    detector.reset()
    ops = [detector.step(frame).is_forecast
           for frame in (still, other, still, other)]
    assert not any(ops)


def test_policies_that_a_model_cannot_follow_are_told():
    with pytest.raises(ValueError, match="between='repeat'"):
        init_stream_detector(config(height=48, **PER_FRAME),
                             policy=dict(mode='alternate'))
    detector = init_stream_detector(
        config(height=48, **PER_FRAME),
        policy=dict(mode='alternate', between='repeat'))
    assert [detector.step(frame).is_forecast for frame in frames(3)] == [
        False, True, False]
    with pytest.raises(ValueError, match='needs a scheduler'):
        init_stream_detector(
            config(height=48, scheduler=None,
                   policy=dict(mode='always_read')),
            policy=dict(mode='scheduler', threshold=.5))
