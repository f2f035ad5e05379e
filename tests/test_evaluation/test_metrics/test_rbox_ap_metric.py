import math

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from mmrotate.registry import METRICS
from mmrotate.structures.bbox import RotatedBoxes

from mmextra.evaluation.functional import match_detections
from mmextra.evaluation.metrics import RBoxAPMetric

# Three images, one of them without ships.
GTS = {
    'a': [[20, 20, 20, 8, 0.], [60, 60, 30, 10, 0.]],
    'b': [[40, 40, 40, 12, 0.]],
    'c': []
}
DETS = [('a', [20, 20, 20, 8, 0.], .95), ('a', [61, 60, 30, 10, 0.], .9),
        ('c', [10, 10, 10, 10, 0.], .85), ('b', [44, 40, 40, 12, 0.], .8),
        ('a', [21, 20, 20, 8, 0.], .7), ('b', [80, 80, 20, 6, 0.], .6)]


def instances(boxes, labels, scores=None, box_type=RotatedBoxes):
    found = InstanceData(
        bboxes=box_type(torch.tensor(boxes).float().reshape(-1, 5)),
        labels=torch.tensor(labels).long())
    if scores is not None:
        found.scores = torch.tensor(scores).float()
    return found


def sample(gt, det, ignored=(), name='x'):
    """gt, ignored: (box, label); det: (box, label, score)."""
    data = DetDataSample(metainfo=dict(img_id=name))
    data.gt_instances = instances([b for b, _ in gt], [x for _, x in gt])
    data.ignored_instances = instances([b for b, _ in ignored],
                                       [x for _, x in ignored])
    data.pred_instances = instances([b for b, _, _ in det],
                                    [x for _, x, _ in det],
                                    [s for _, _, s in det], torch.as_tensor)
    return data.to_dict()


def evaluate(samples, classes=('ship', ), **kwargs):
    metric = RBoxAPMetric(**kwargs)
    metric.dataset_meta = dict(classes=classes)
    metric.process({}, samples)
    return metric.evaluate(len(samples))


def worked_samples():
    return [
        sample([(b, 0) for b in GTS[i]],
               [(b, 0, s) for j, b, s in DETS if i == j], name=i)
        for i in GTS
    ]


@pytest.mark.parametrize('prefix,mode,expected', [
    ('voc07', '11points', 0.909091), ('voc12', 'area', 0.916667)])
def test_voc07_and_voc12(prefix, mode, expected):
    metrics = evaluate(worked_samples(), eval_mode=mode, prefix=prefix)
    assert metrics[f'{prefix}/AP50'] == pytest.approx(expected, abs=1e-6)
    assert metrics[f'{prefix}/recall50'] == 1.
    assert metrics[f'{prefix}/num_gt'] == 3
    assert set(metrics) == {
        f'{prefix}/{key}' for key in ('AP50', 'recall50', 'num_gt')}


def test_order_of_the_images_does_not_matter():
    one = evaluate(worked_samples())
    assert one == evaluate(worked_samples()[::-1])


def test_registered_and_keys_of_several_thresholds():
    """The IoUs of the hits are 1, 29/31 and 36/44."""
    metric = METRICS.build(
        dict(type='RBoxAPMetric', iou_thrs=[0.5, 0.9, 0.95]))
    metric.dataset_meta = dict(classes=('ship', ))
    metric.process({}, worked_samples())
    metrics = metric.evaluate(3)
    assert metrics['rbox/AP90'] == pytest.approx(2 / 3, abs=1e-6)
    assert metrics['rbox/AP95'] == pytest.approx(1 / 3, abs=1e-6)
    assert metrics['rbox/mAP'] == pytest.approx(
        (11 / 12 + 2 / 3 + 1 / 3) / 3, abs=1e-6)
    assert 'rbox/recall50' in metrics


def test_ignored_ground_truth_is_neither():
    """The find of an ignored ship, though first, costs nothing; a second
    find of it costs nothing either."""
    ship, buoy = [20, 20, 20, 8, 0.3], [60, 60, 20, 8, 0.3]
    det = [(buoy, 0, .9), (buoy, 0, .8), (ship, 0, .7)]
    metrics = evaluate([sample([(ship, 0)], det, ignored=[(buoy, 0)])])
    assert metrics['rbox/AP50'] == 1.
    assert metrics['rbox/num_gt'] == 1
    # Of another class it is no excuse.
    metrics = evaluate([sample([(ship, 0)], det, ignored=[(buoy, 1)])],
                       classes=('ship', 'buoy'))
    assert metrics['rbox/AP50'] == pytest.approx(1 / 3, abs=1e-6)
    assert math.isnan(metrics['rbox/AP50_buoy'])


def test_second_find_of_a_ship_is_false():
    ious = np.array([[.9, 0.], [.6, .55], [0., .4]])
    verdict = match_detections(ious, np.array([.5, .9, .8]),
                               np.zeros(2, dtype=bool), [0.5, 0.3])
    # The second comes first by score and takes the first ship; it is not
    # given the other ship when the first one is taken.
    np.testing.assert_array_equal(verdict, [[-1, 1, -1], [-1, 1, 1]])


def test_mean_over_classes_with_ground_truth():
    box, far = [20, 20, 20, 8, 0.], [80, 80, 20, 8, 0.]
    det = [(box, 0, .9), (far, 1, .8), (far, 2, .7)]
    metrics = evaluate([sample([(box, 0), (box, 1)], det)],
                       classes=('ship', 'boat', 'raft'))
    assert metrics['rbox/AP50_ship'] == 1.
    assert metrics['rbox/AP50_boat'] == 0.
    assert math.isnan(metrics['rbox/AP50_raft'])
    assert metrics['rbox/AP50'] == 0.5


def test_perfect_predictions_written_otherwise_give_one():
    """Where mmcv's IoU finds as little as 0 for the same box."""
    rng = np.random.default_rng(0)
    samples = []
    for _ in range(20):
        boxes = np.stack([
            np.arange(30) * 300., rng.uniform(0, 300, 30),
            rng.uniform(40, 200, 30), rng.uniform(8, 40, 30),
            rng.uniform(-1.5, 1.5, 30)
        ], 1).astype(np.float32).tolist()
        turned = [[x, y, h, w, t + math.pi / 2] for x, y, w, h, t in boxes]
        det = [(b, 0, s) for b, s in zip(turned, rng.random(30))]
        samples.append(sample([(b, 0) for b in boxes], det))
    for mode in ('11points', 'area'):
        metrics = evaluate(samples, eval_mode=mode, iou_thrs=[0.5, 0.95])
        assert metrics['rbox/mAP'] == 1.


def test_eleven_points_reach_the_round_recalls():
    """Seven of ten found, none wrong: 8 of 11 points, also 0.7 itself."""
    boxes = [[100. * i, 50, 40, 10, 0.2] for i in range(10)]
    det = [(b, 0, 1 - i / 20) for i, b in enumerate(boxes[:7])]
    metrics = evaluate([sample([(b, 0) for b in boxes], det)],
                       eval_mode='11points')
    assert metrics['rbox/AP50'] == pytest.approx(8 / 11, abs=1e-6)


def test_nothing_predicted_is_zero():
    metrics = evaluate([sample([([20, 20, 20, 8, 0.], 0)], [])],
                       eval_mode='11points')
    assert metrics['rbox/AP50'] == metrics['rbox/recall50'] == 0.


def test_no_ground_truth_is_nan_and_warns():
    det = [([20, 20, 20, 8, 0.], 0, .9)]
    with pytest.warns(UserWarning, match='no ground truth'):
        metrics = evaluate([sample([], det)])
    assert math.isnan(metrics['rbox/AP50'])
    # So too when the pipeline does not load annotations at all.
    bare = sample([], det)
    bare.update(gt_instances={}, ignored_instances={})
    with pytest.warns(UserWarning, match='LoadAnnotations'):
        metrics = evaluate([bare])
    assert math.isnan(metrics['rbox/AP50'])


def test_box_that_is_not_finite_is_a_miss():
    ship = [20, 20, 20, 8, 0.]
    det = [([math.nan] * 5, 0, .9), (ship, 0, .8)]
    with pytest.warns(UserWarning, match='1 predicted boxes are not finite'):
        metrics = evaluate([sample([(ship, 0)], det)])
    assert metrics['rbox/AP50'] == 0.5


def test_illegal_arguments():
    with pytest.raises(ValueError, match='voc'):
        RBoxAPMetric(eval_mode='voc')
    for thrs in ([], 0., 1.5, [0.5, 0.501]):
        with pytest.raises(ValueError, match='iou_thrs'):
            RBoxAPMetric(iou_thrs=thrs)
    metric = RBoxAPMetric()
    with pytest.raises(KeyError, match='metainfo'):
        metric.evaluate(1)
    with pytest.raises(ValueError, match="image 'x' has labels 3.*1 classes"):
        evaluate([sample([], [([20, 20, 20, 8, 0.], 3, .9)])])
