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
from mmextra.apis.analysis.change_thresholds import ChangeTable
from mmextra.apis.analysis.error_maps import error_maps
from mmextra.apis.analysis.forecast_sweep import Sweep, policies
from mmextra.apis.analysis.sweep_report import over_fixed
from mmextra.apis.live_replay import Pace, replay_ahead, replay_live
from mmextra.apis.stream_demo import StreamOutput, skip_late
from mmextra.apis.video_replay import (
    KeptVideo,
    StepWatches,
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


def new_watches():
    return StepWatches.on(torch.device('cpu'))


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
            mode='alternate', interval=3), new_watches())
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


def test_sweep_draws_and_writes(trained, tmp_path, capsys):
    tool = load_tool('analysis_tools/forecast_sweep.py')
    rows = tool.main([
        *trained[0], '--thresholds', '1', '-1', '--alternate', '2',
        '--between', 'forecast', 'repeat', 'move', '--change', '.5',
        '--ahead', '1', '--live', '30', '--draws', '5',
        '--latency-ms', '40', '5',
        '--baseline', *trained[1], '--out',
        str(tmp_path / 'sweep.json'), '--plot', str(tmp_path / 'sweep.png')])
    names = ['p=1', 'p=-1', 'change 0.5', 'alternate 2']
    # The detector alone repeats and moves boxes too.
    free = [f'{name}, {shown}' for shown in ('repeat', 'move')
            for name in names]
    assert [row['name'] for row in rows] == [
        'always read', *names, *free, 'always read',
        *(name for name in free if name[:2] != 'p=')]
    by_name = {row['name']: row for row in rows if row['model'] == 'ff'}
    assert by_name['always read']['ratio'] == by_name['p=1']['ratio'] == 0
    # Videos of 2, 5, 8 and 1 frames.
    assert by_name['p=-1']['ratio'] == 12 / 16
    for name in ('alternate 2', 'alternate 2, repeat', 'alternate 2, move'):
        assert by_name[name]['ratio'] == 7 / 16
    assert by_name['change 0.5']['max_forecasts'] == 3
    # What runs no network costs less.
    assert by_name['alternate 2, repeat']['t_between'] < \
        by_name['alternate 2']['t_between'] / 3
    assert all(row['fps'] > 0 and 0 <= row['mAP'] <= 1 and
               0 <= row['sAP'] <= 1 and 0 <= row['sAP_ahead'] <= 1
               for row in rows)
    written = json.loads((tmp_path / 'sweep.json').read_text())
    assert written['rows'] == rows
    assert [each['between'] for each in written['over_repeated']] == [
        'forecast', 'repeat', 'move']
    assert written['over_repeated'][1]['value'] == 0
    for each in written['over_fixed']:
        assert each['low'] <= each['high']
    assert written['forecast_vs_copy'] > 0
    picture = cv2.imread(str(tmp_path / 'sweep.png'))
    assert picture.std() > 10


def test_sweep_learns_thresholds_from_other_videos(trained, moving):
    sweep = Sweep(*trained[0])
    train = 'annotations/imagenet_vid_train.json'
    found = sweep.learn([.2, .6], train)
    assert [each['share'] for each in found] == [.2, .6]
    assert 0 < found[0]['threshold'] < found[1]['threshold']
    with pytest.raises(ValueError, match='tested on; name other videos'):
        sweep.learn([.5], 'annotations/imagenet_vid_test.json')


def kept(values):
    """A video whose map is one number everywhere."""
    return KeptVideo([(torch.full((1, 2, 2, 2), v).half(), ) for v in values],
                     [])


def test_thresholds_leave_the_share_that_was_asked_for():
    table = ChangeTable(0)
    with pytest.raises(ValueError, match='none'):
        table.learn([.5])
    table.add(kept([1., 1, 1, 1, 1, 1]))
    # Nothing changes: two reads, then three of every four frames are not.
    assert table.share(1e-3) == 3 / 6
    # 2 -> 4 -> 8 change by half; the fourth frame has not been seen.
    table.add(kept([2., 4, 8, 16]))
    assert table.share(.5) == 3 / 10 and table.share(.51) == 4 / 10
    threshold, = table.learn([.4])
    assert threshold == pytest.approx(.5, rel=1e-3)


@torch.no_grad()
def test_live_source_written_out(trained):
    sweep = Sweep(*trained[0])
    watch = Stopwatch(torch.device('cpu'))
    video = list(keep_videos(sweep.model, sweep.dataset, watch, 3))[2]
    assert len(video.maps) == 8
    policy = ReadPolicy(mode='alternate', interval=2)

    def boxes(sample):
        return None if sample is None else sample.pred_instances.bboxes
    # Every frame in time: what is shown is one frame old.
    at_once = [boxes(each) for each in replay(
        sweep.model, video, policy, new_watches()).video_data_samples]
    pace = Pace(10., .09, .01)
    shown = [boxes(each) for each in replay_live(
        sweep.model, video, policy, pace, new_watches())]
    assert shown[0] is None
    for found, expected in zip(shown[1:], at_once):
        assert torch.equal(found, expected)
    # Looking ahead shows the frame itself, as it was known before.
    look = replay_live(sweep.model, video, ReadPolicy('always_read'), pace,
                       new_watches(), look_ahead=True)
    known = replay_ahead(sweep.model, video, 'forecast', 1, new_watches())
    assert look[0] is None and known[0] is None
    for found, expected in zip(look[1:], known[1:]):
        assert torch.equal(boxes(found), boxes(expected))
    # Too slow: 0 is ready at .25 and 2 is taken, then 5 at .5.
    slow = replay_live(sweep.model, video, ReadPolicy('always_read'),
                       Pace(10., .25, .01), new_watches())
    assert [each is None for each in slow] == [True] * 3 + [False] * 5
    assert slow[3] is slow[4] and slow[5] is not slow[4]


def test_gain_over_fixed_at_equal_speed():
    class Fixed:
        num_videos = 3

        def __init__(self, value):
            self.value = value

        def mean_ap(self, times):
            return self.value

    rows = [dict(mode='scheduler', name=n, between='forecast', fps=f)
            for n, f in (('a', 10.), ('b', 20.))]
    rows += [dict(mode='alternate', name=n, between=shown, fps=f)
             for n, f, shown in (('c', 15., 'forecast'), ('d', 25.,
                                 'forecast'), ('e', 15., 'repeat'))]
    aps = {name: Fixed(value) for name, value in zip(
        'abcde', (.8, .6, .65, .1, .1))}
    found, = over_fixed(rows, aps, 5)
    assert (found['rule'], found['mode']) == ('c', 'scheduler')
    assert found['value'] == found['low'] == pytest.approx(.7 - .65)


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


def test_picture_of_errors(trained, tmp_path):
    tool = load_tool('analysis_tools/forecast_errors.py')
    out = tmp_path / 'errors.png'
    found = tool.main([
        *trained[0], '--video', '2', '--frames', '5', '--threshold', '-1',
        '--alternate', '1', '2', '--out', str(out)])
    assert [each['name'] for each in found] == [
        'p=-1', 'alternate 1', 'alternate 2']
    picture = cv2.imread(str(out))
    # Frames and three policies; of 5 frames 4 and 2 were not read.
    assert picture.shape == (4 * 128, 5 * 128, 3)
    edges = (picture[2::128, 64::128] == (0, 0, 255)).all(-1)
    assert edges[1:].tolist() == [[False] + [True] * 4, [False] * 5,
                                  [False, True, False, True, False]]
    with pytest.raises(SystemExit):
        tool.main([*trained[0], '--video', '99', '--out', str(out)])


@torch.no_grad()
def test_errors_are_those_of_the_next_map(trained):
    sweep = Sweep(*trained[0])
    video = next(keep_videos(sweep.model, sweep.dataset,
                             Stopwatch(torch.device('cpu')), 1, first=1))
    rows = error_maps(sweep.model, video, ReadPolicy('always_read'))
    assert len(rows) == 5 and rows[-1].error is None
    total = sum(row.error.mean() for row in rows[:-1])
    maps = video.maps[0][0]
    assert total * maps.numel() == pytest.approx(
        forecast_errors(sweep.model, video)[0], rel=1e-4)
    with pytest.raises(ValueError, match='between'):
        error_maps(sweep.model, video,
                   ReadPolicy('always_read', between='repeat'))


def test_a_baseline_of_the_first_phase(trained, tmp_path, monkeypatch):
    """Its checkpoint is of the detector alone; and one that does not fit is
    found before any video runs."""
    module = load_tool('analysis_tools/forecast_sweep.py')
    weights = torch.load(trained[1][1])['state_dict']
    first = {key.removeprefix('detector.'): value
             for key, value in weights.items()}
    assert first.keys() != weights.keys()
    torch.save(dict(state_dict=first, meta={}), tmp_path / 'first.pth')
    rows = module.main([
        *trained[0], '--max-videos', '1', '--thresholds', '1', '--alternate',
        '--baseline', trained[1][0], str(tmp_path / 'first.pth')])
    same = module.main([
        *trained[0], '--max-videos', '1', '--thresholds', '1', '--alternate',
        '--baseline', *trained[1]])
    assert rows[-1]['mAP'] == same[-1]['mAP']
    torch.save(dict(state_dict=dict(other=torch.ones(1)), meta={}),
               tmp_path / 'other.pth')
    monkeypatch.setattr(module.Sweep, 'run', lambda *_, **__: pytest.fail(
        'videos ran before the baseline was looked at'))
    with pytest.raises(ValueError, match='other.pth is not a checkpoint'):
        module.main([*trained[0], '--baseline', trained[1][0],
                     str(tmp_path / 'other.pth')])


@pytest.mark.parametrize('part', ['over_fixed', 'baseline'])
def test_an_interrupted_sweep_keeps_its_rows(trained, tmp_path, monkeypatch,
                                             part):
    module = load_tool('analysis_tools/forecast_sweep.py')

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    run = module.Sweep.run
    if part == 'over_fixed':
        monkeypatch.setattr(module, 'over_fixed', interrupted)
    else:
        monkeypatch.setattr(
            module.Sweep, 'run', lambda self, *args, **kwargs: run(
                self, *args, **kwargs) if 'ahead' in kwargs else
            interrupted())
    with pytest.raises(KeyboardInterrupt):
        module.main([
            *trained[0], '--max-videos', '1', '--thresholds', '1',
            '--alternate', '1.5', '--baseline', *trained[1],
            '--out', str(tmp_path / 'sweep.json')])
    rows = json.loads((tmp_path / 'sweep.json').read_text())['rows']
    assert [row['name'] for row in rows][:3] == [
        'always read', 'p=1', 'alternate 1.5']
    assert (len(rows) > 3) == (part == 'over_fixed')
