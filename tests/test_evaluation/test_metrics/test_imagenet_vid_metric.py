import json

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

from mmextra.evaluation.metrics import ImageNetVIDMetric, speed_facts
from tests.helpers import worked_case

META = dict(classes=('a', 'b'))


def sample(frames):
    """Frames (video, frame, gt, det) as a model returns them."""
    track, out = TrackDataSample(), []
    for video, frame, gt, det, metas in frames:
        item = DetDataSample(metainfo=dict(
            video_id=video, frame_id=frame, img_id=10 * video + frame,
            ori_video_length=99,
            instances=[dict(bbox=b, bbox_label=k, instance_id=i,
                            ignore_flag=0) for b, k, i in gt], **metas))
        item.pred_instances = InstanceData(
            bboxes=torch.tensor([d[0] for d in det]).reshape(-1, 4),
            labels=torch.tensor([d[1] for d in det], dtype=torch.long),
            scores=torch.tensor([d[2] for d in det], dtype=torch.float64))
        out.append(item)
    track.video_data_samples = out
    return track


def evaluate(tracks, **options):
    metric = ImageNetVIDMetric(**options)
    evaluator = Evaluator([metric])
    evaluator.dataset_meta = META
    for track in tracks:
        evaluator.process([track], None)
    return evaluator.evaluate(1)


def worked_tracks(one_by_one):
    frames = [(f['video'], f['frame'], f['gt'], f['det'], {})
              for f in worked_case('feature_forecast', 'vid_map')['frames']]
    if one_by_one:
        return [sample([frame]) for frame in frames]
    return [sample([f for f in frames if f[0] == v]) for v in (1, 2)]


@pytest.mark.parametrize('one_by_one', [True, False])
def test_worked_case(one_by_one):
    case = worked_case('feature_forecast', 'vid_map')
    found = evaluate(worked_tracks(one_by_one), classwise=True)
    for name, expected in case['expected'].items():
        key = 'vid/mAP' if name == 'all' else f'vid/mAP_{name}'
        assert found[key] == pytest.approx(expected['mAP'], abs=1e-5)
    assert [found['vid/AP_a'], found['vid/AP_b']] == pytest.approx(
        case['expected']['all']['ap'], abs=1e-5)
    plain = evaluate(worked_tracks(one_by_one), small_object_tolerance=None)
    assert plain['vid/mAP'] == pytest.approx(
        case['expected_no_tolerance']['all']['mAP'], abs=1e-5)


def test_detections_are_written_in_full(tmp_path):
    path = tmp_path / 'results.json'
    evaluate(worked_tracks(True), out_file=str(path))
    lines = json.loads(path.read_text())
    frames = worked_case('feature_forecast', 'vid_map')['frames']
    assert len(lines) == len(frames) == 17
    assert lines[0]['bboxes'][0] == frames[0]['det'][0][0]
    assert [line['frame_id'] for line in lines] == [
        f['frame'] for f in frames]


def test_speed_facts():
    frames = [dict(is_forecast=k % 4 == 3, time_model=.01 if k % 4 == 3
                   else .05) for k in range(40)]
    facts = speed_facts(frames, warmup=20)
    assert facts['forecast_ratio'] == pytest.approx(.25)
    assert facts['ms_read'] == pytest.approx(50)
    assert facts['ms_forecast'] == pytest.approx(10)
    assert facts['fps_model'] == pytest.approx(20 / (15 * .05 + 5 * .01))
    untimed = speed_facts([dict(is_forecast=False, time_model=None)])
    assert untimed == dict(forecast_ratio=0.)
    assert speed_facts([], 0) == dict(forecast_ratio=0.)


def test_facts_of_the_model_reach_the_result():
    gt = [[[0, 0, 49, 49], 0, 1]]
    track = sample([(1, t, gt, [[[0., 0, 49, 49], 0, .9]],
                     dict(is_forecast=t > 0, time_model=.1))
                    for t in range(4)])
    found = evaluate([track], warmup_frames=0)
    assert found['vid/mAP'] == found['vid/mAP_slow'] == 1
    assert np.isnan(found['vid/mAP_fast'])
    assert found['vid/forecast_ratio'] == .75
    assert found['vid/fps_model'] == pytest.approx(10)


def test_nothing_to_compare_with_is_told():
    track = sample([(1, 0, [], [[[0., 0, 9, 9], 0, .9]], {})])
    with pytest.warns(UserWarning, match='no ground truth'):
        assert np.isnan(evaluate([track])['vid/mAP'])
    metric = ImageNetVIDMetric()
    with pytest.raises(KeyError, match='classes'):
        metric.compute_metrics([])
    bare = TrackDataSample()
    bare.video_data_samples = [DetDataSample(metainfo=dict(img_path='x'))]
    with pytest.raises(KeyError, match='PackTrackInputs'):
        metric.process(None, [bare.to_dict()])


@pytest.mark.parametrize('wrong', [
    dict(ranges=dict(all=(0, 2))), dict(out_file='results.pkl')])
def test_wrong_arguments(wrong):
    with pytest.raises(ValueError):
        ImageNetVIDMetric(**wrong)


def test_streaming_is_behind_what_moves():
    """One object stands, another moves by its width per frame."""
    frames = [(1, t, [([0., 0., 20., 20.], 0, 1),
                      ([20. * t, 50., 20. * t + 20, 70.], 1, 2)],
               [([0., 0., 20., 20.], 0, .9),
                ([20. * t, 50., 20. * t + 20, 70.], 1, .8)],
               dict(time_model=.01)) for t in range(5)]
    at_once = evaluate([sample(frames)], streaming=dict(
        fps=10, latency_ms=0))
    assert at_once['vid/sAP'] == at_once['vid/mAP'] == pytest.approx(1)
    # Every result is a frame late: nothing at first, then 4 of 5 and none.
    found = evaluate([sample(frames)], streaming=dict(fps=10))
    assert found['vid/mAP'] == pytest.approx(1)
    assert found['vid/sAP'] == pytest.approx((4 / 5 + 0) / 2)
    assert 'vid/sAP_fast' in found and 'vid/sAP' not in evaluate(
        [sample(frames)])
