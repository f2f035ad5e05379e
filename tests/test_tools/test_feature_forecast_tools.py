import json
import time

import cv2
import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmextra.apis import stream_demo
from mmextra.apis.analysis.forecast_sweep import (
    Sweep,
    over_alternate,
    policies,
)
from mmextra.apis.stream_demo import StreamOutput, skip_late
from mmextra.apis.video_replay import (
    KeptVideo,
    Stopwatch,
    forecast_errors,
    keep_videos,
    replay,
)
from mmextra.evaluation.functional import break_even_ratio, fps_model
from mmextra.models.layers import CorrelationScheduler
from mmextra.models.necks.temporal_module import StepOut
from mmextra.models.task_modules import ReadPolicy
from tests.helpers import TOOLS, load_tool, worked_case
from tests.video_helpers import PER_FRAME, SIZE, config, results, same


@pytest.fixture(scope='module')
def trained(tmp_path_factory, moving):
    """Config and random checkpoint, with forecast and without."""
    folder = tmp_path_factory.mktemp('model')
    out = []
    for name, changes in (('ff', {}), ('per_frame', PER_FRAME)):
        torch.manual_seed(0)
        init_default_scope('mmdet')
        cfg = config(moving, **changes)
        cfg.dump(folder / f'{name}.py')
        model = MODELS.build(cfg.model)
        torch.save(dict(state_dict=model.state_dict(), meta={}),
                   folder / f'{name}.pth')
        out.append([str(folder / f'{name}.py'), str(folder / f'{name}.pth')])
    return out


def test_fps_at_a_share_of_forecasts():
    # 61.1 ms for a read, 16.0 for a forecast, 53.8 for the other.
    assert fps_model(45.1, 16.0, 0) == pytest.approx(16.37, abs=.01)
    assert fps_model(45.1, 16.0, 1) == pytest.approx(62.5)
    assert fps_model(45.1, 16.0, .5) == pytest.approx(25.9, abs=.1)
    even = break_even_ratio(45.1, 16.0, 53.8)
    assert even == pytest.approx(.16, abs=.01)
    assert fps_model(45.1, 16.0, even) == pytest.approx(1000 / 53.8)


@torch.no_grad()
def test_replay_equals_the_model(trained):
    sweep = Sweep(*trained[0], max_videos=3)
    watch = Stopwatch(torch.device('cpu'))
    kept = list(keep_videos(sweep.model, sweep.dataset, watch, 3))
    assert [len(video.maps) for video in kept] == [2, 5, 8]
    assert len(watch.readings) == 15
    assert kept[0].maps[0][0].dtype == torch.float16
    sweep.model.policy = dict(mode='alternate', interval=3)
    for index, video in enumerate(kept):
        # The maps as they are kept, for the comparison to be exact.
        frames = iter(video.maps)
        sweep.model._stream = None
        sweep.model.extract_maps = lambda _, f=frames: tuple(
            m.float() for m in next(f))
        expected = []
        for t in range(len(video.maps)):
            data = sweep.dataset.prepare_data((index, t))
            samples = [data['data_samples']]
            if t % 3:
                next(frames)
            samples[0][0].set_metainfo(video.samples[t].metainfo)
            expected += sweep.model.predict(
                torch.zeros(1, 1, 3, SIZE, SIZE), samples)[0]
        found = replay(sweep.model, video, ReadPolicy(
            mode='alternate', interval=3), Stopwatch(torch.device('cpu')))
        assert same(results(found), results(expected))


def test_errors_of_forecast_and_copy():
    class Doubling(torch.nn.Module):
        levels = (1, )

        def __init__(self):
            super().__init__()
            self.temporal = self
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def step(self, feats, state):
            assert state == (None if feats[1].max() == 1 else 1)
            return StepOut((feats[0], 2 * feats[1]), feats, 1)

    maps = [(torch.rand(1, 2, 3, 3), torch.full((1, 1, 2, 2), float(v)))
            for v in (1, 3, 5)]
    # Forecasts 2 and 6 for 3 and 5; copies 1 and 3.
    assert forecast_errors(Doubling(), KeptVideo(maps, [])) == (
        4 * (1 + 1), 4 * (4 + 4))
    assert forecast_errors(Doubling(), KeptVideo(maps[:1], [])) == (0, 0)


def test_sweep_draws_and_writes(trained, tmp_path):
    tool = load_tool('analysis_tools/forecast_sweep.py')
    rows = tool.main([
        *trained[0], '--thresholds', '1', '0.4', '-1', '--alternate', '2',
        '--hold', '--baseline', *trained[1], '--out',
        str(tmp_path / 'sweep.json'), '--plot', str(tmp_path / 'sweep.png')])
    assert [row['name'] for row in rows] == [
        'p=1', 'p=0.4', 'p=-1', 'alternate 2', 'hold 2', 'always read']
    ratios = [row['ratio'] for row in rows]
    assert ratios[0] == ratios[5] == 0
    # Videos of 2, 5, 8 and 1 frames.
    assert ratios[2] == 12 / 16 and ratios[3] == ratios[4] == 7 / 16
    assert all(row['fps'] > 0 and 0 <= row['mAP'] <= 1 for row in rows)
    written = json.loads((tmp_path / 'sweep.json').read_text())
    assert written['rows'] == rows
    assert set(written['over_alternate']) == {'alternate 2'}
    assert written['forecast_vs_copy'] > 0
    picture = cv2.imread(str(tmp_path / 'sweep.png'))
    assert picture.std() > 10


def test_sweep_caps_the_scheduler_alone():
    capped, fixed = policies([-1], [4], max_forecasts=2)
    assert (capped['mode'], capped['max_forecasts']) == ('scheduler', 2)
    assert fixed['max_forecasts'] is None and fixed['interval'] == 4


@pytest.mark.parametrize('asked, expected', [
    (None, True), (True, True), (False, False)])
def test_sweep_tests_the_policy_of_the_config(trained, asked, expected):
    """Unless the command line says otherwise."""
    sweep = Sweep(*trained[0], max_videos=1, options={
        'model.policy': dict(mode='scheduler', threshold=1.,
                             cumulative=True, max_forecasts=7)})
    scheduler, fixed = (sweep.policy_of(setting) for setting in policies(
        [.5], [2], cumulative=asked))
    assert scheduler.cumulative is expected and scheduler.threshold == .5
    assert scheduler.max_forecasts == 7
    # A fixed rule stays one.
    assert fixed.max_forecasts is None and fixed.mode == 'alternate'


def test_frames_of_other_sizes_are_written_too(tmp_path):
    sizes = [(40, 60), (40, 60), (80, 60), (20, 90), (40, 60)]
    output = StreamOutput(str(tmp_path / 'out.avi'), False, 1, 25.)
    for height, width in sizes:
        assert output.put(np.full((height, width, 3), 200, np.uint8))
    output.close()
    capture, count = cv2.VideoCapture(str(tmp_path / 'out.avi')), 0
    while True:
        there, frame = capture.read()
        if not there:
            break
        assert frame.shape == (40, 60, 3)
        # Sides in proportion, the rest black.
        share = (frame.mean(2) > 100).mean()
        height, width = sizes[count]
        factor = min(40 / height, 60 / width)
        assert share == pytest.approx(
            height * width * factor ** 2 / 2400, abs=.06)
        count += 1
    assert count == len(sizes)


def test_labels_have_no_ghost(monkeypatch):
    """Each text is drawn once, so that no width can differ."""
    drawn = []
    monkeypatch.setattr(stream_demo.cv2, 'putText', lambda *args: drawn.append(
        args[1]))
    found = InstanceData(
        bboxes=torch.tensor([[5., 5., 30., 30.], [20., 20., 50., 50.]]),
        labels=torch.tensor([0, 4]), scores=torch.tensor([.9, .8]))
    sample = DetDataSample(metainfo=dict(
        is_forecast=True, forecast_conf=.5), pred_instances=found)
    stream_demo.draw(np.zeros((60, 60, 3), np.uint8), sample, ['cat'], .3, 9.)
    # A label without a name is no error.
    assert drawn == ['cat 0.90', 'class 4 0.80', 'forecast  next 0.50  9 fps']


def test_gain_over_a_fixed_rule():
    rows = [dict(mode='scheduler', ratio=r, mAP=m)
            for r, m in ((0., .8), (.4, .7), (.8, .3))]
    rows += [dict(mode='alternate', name='a', ratio=.5, mAP=.55),
             dict(mode='alternate', name='b', ratio=.9, mAP=.1),
             dict(mode='alternate', name='c', ratio=.5, mAP=.1, hold=True)]
    assert over_alternate(rows) == {'a': pytest.approx(.6 - .55)}


def test_demo_marks_forecasts(trained, moving, tmp_path):
    demo = load_tool('stream_demo.py')
    folder = moving / 'Data/VID/test/test_0002'
    out, dump = tmp_path / 'out.avi', tmp_path / 'dump.json'
    stats = demo.main([
        str(folder), *trained[0], '--alternate', '2', '--out', str(out),
        '--dump', str(dump), '--score-thr', '0.99'])
    assert (stats['frames'], stats['forecasts']) == (8, 4)
    assert stats['fps'] > 0 and stats['end_to_end_fps'] > 0
    capture, red = cv2.VideoCapture(str(out)), []
    while True:
        there, frame = capture.read()
        if not there:
            break
        edge = frame[:2].reshape(-1, 3).mean(0)
        red.append(bool(edge[2] > 180 and edge[:2].max() < 90))
    assert red == [False, True] * 4
    lines = json.loads(dump.read_text())
    assert [line['is_forecast'] for line in lines] == red
    # A video file as source, without drawing.
    again = demo.main([str(out), *trained[0], '--max-frames', '5',
                       '--threshold', '-1', '--max-forecasts', '1'])
    assert (again['frames'], again['forecasts']) == (5, 2)
    with pytest.raises(SystemExit, match='no video'):
        demo.main([str(tmp_path / 'none.mp4'), *trained[0]])


def test_realtime_skips_what_is_late():
    class Source:
        left = 3

        def grab(self):
            self.left -= 1
            return self.left >= 0
    source = Source()
    assert skip_late(source, time.perf_counter() - 1., 10, 10.) == 0
    assert skip_late(source, time.perf_counter() - 1., 8, 10.) == 2
    assert skip_late(source, time.perf_counter() - 1., 0, 10.) == 1


def test_costs_of_the_parts():
    tool = load_tool('analysis_tools/forecast_flops.py')
    config = TOOLS.parent / 'configs/feature_forecast/imagenet_vid.py'
    rows = {row['part']: row for row in tool.main([str(config)])}
    pair = [item for item in worked_case(
        'feature_forecast', 'encoder_cost')['items']
            if (item['C'], item['hidden']) == (1280, 256)][0]
    assert rows['temporal']['params'] == 2 * pair['params']
    assert rows['temporal']['macs'] == 2 * pair['macs']
    assert rows['forecast']['macs'] == rows['read']['macs'] - rows[
        'backbone']['macs']
    # 10 x 10 positions, 81 displacements, 1280 channels; then the layers.
    layers = 100 * 9 * 81 * 64 + 25 * 9 * 64 * 32 + 2 * 800
    assert rows['scheduler']['macs'] == 100 * 81 * 1280 + layers
    assert isinstance(MODELS.build(dict(type='mmdet.CorrelationScheduler')),
                      CorrelationScheduler)


def test_speed_of_reads_and_forecasts(trained, tmp_path):
    tool = load_tool('analysis_tools/benchmark_stream.py')
    rows = tool.main([trained[0][0], trained[1][0], '--size', '64',
                      '--frames', '6', '--warm-up', '1', '--optimize',
                      '--out', str(tmp_path / 'speed.json')])
    assert [(row['model'], row['step']) for row in rows] == [
        (name, step) for name in ('ff', 'ff, optimized')
        for step in ('read', 'forecast', 'alternate')] + [
        ('per_frame', 'per frame'), ('per_frame, optimized', 'per frame')]
    assert rows[0]['ratio'] == 1 and rows[1]['ratio'] < 1
    assert rows[2]['process_ms'] == pytest.approx(
        np.mean([rows[0]['process_ms'], rows[1]['process_ms']]))
    written = json.loads((tmp_path / 'speed.json').read_text())
    assert len(written['break_even']) == 4
