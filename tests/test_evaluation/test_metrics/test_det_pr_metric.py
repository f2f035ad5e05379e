import numpy as np
import pytest
import torch
from mmdet.registry import METRICS
from mmdet.structures.bbox import HorizontalBoxes

from mmextra.evaluation.metrics import DetPRMetric
from tests.helpers import worked_case


def predictions(rows):
    rows = torch.tensor(rows, dtype=torch.float64).reshape(-1, 6)
    return dict(bboxes=rows[:, :4], scores=rows[:, 4],
                labels=rows[:, 5].long())


def instances(rows, **more):
    return [dict(bbox=list(box), bbox_label=label, ignore_flag=0, **more)
            for label, *box in rows]


def region(*box, kind='region'):
    return dict(bbox=list(box), bbox_label=0, ignore_flag=1,
                ignore_kind=kind)


def evaluate(samples, classes=('a', 'b'), **kwargs):
    metric = METRICS.build(dict(type='DetPRMetric', **kwargs))
    metric.dataset_meta = dict(classes=classes)
    metric.process({}, samples)
    return metric.evaluate(len(samples))


def worked_samples():
    case = worked_case('lcb_yolov5', 'pr_map')
    return [
        dict(instances=instances(case['gts'][i]),
             pred_instances=predictions(case['dets'][i]),
             ori_shape=(200, 200)) for i in '012'
    ]


def test_worked_example():
    case = worked_case('lcb_yolov5', 'pr_map')
    found, wanted = evaluate(worked_samples()), case['result']
    expected = {
        'precision': wanted['mP'], 'recall': wanted['mR'],
        'mAP_50': wanted['mAP50'], 'mAP': wanted['mAP'],
        'f1': case['mean_f1_at_argmax'],
        'best_conf': case['argmax_confidence'],
        'a_AP50': wanted['ap50'][0], 'b_AP50': wanted['ap50'][1]
    }
    for key, value in expected.items():
        assert found[f'det/{key}'] == pytest.approx(value, abs=1e-9), key


def test_matches_of_the_worked_example():
    case = worked_case('lcb_yolov5', 'pr_map')
    metric = DetPRMetric(iou_thrs=[.5])
    metric.process({}, worked_samples())
    found = {}
    for image in metric.results:
        for true, score in zip(image['true'][:, 0], image['scores']):
            found[float(score)] = float(true)
    assert [found[s] for s in case['conf']] == case['tp50']


def test_single_threshold_and_no_classes():
    found = evaluate(worked_samples(), iou_thrs=[.75], classwise=False)
    assert set(found) == {f'det/{k}' for k in (
        'precision', 'recall', 'f1', 'best_conf', 'mAP_75', 'mAP')}


def test_ground_truth_of_the_pipeline():
    """Without raw instances those behind Resize count, boxes of any kind."""
    samples = worked_samples()
    for sample in samples:
        rows = sample.pop('instances')
        boxes = torch.tensor([r['bbox'] for r in rows]).float().view(-1, 4)
        sample['gt_instances'] = dict(
            bboxes=HorizontalBoxes(boxes),
            labels=torch.tensor([r['bbox_label'] for r in rows]).long())
    assert evaluate(samples) == evaluate(worked_samples())
    with pytest.raises(KeyError, match="meta_keys with 'instances'"):
        evaluate([dict(pred_instances=predictions([]))])


def test_missed_class_counts_absent_one_does_not():
    sample = dict(
        instances=instances([[0, 0, 0, 9, 9], [1, 20, 20, 29, 29]]),
        pred_instances=predictions([[0, 0, 9, 9, .9, 0],
                                    [0, 0, 9, 9, .9, 2]]))
    found = evaluate([sample], classes=('a', 'b', 'c'))
    assert found['det/mAP_50'] == pytest.approx(.995 / 2)
    assert found['det/b_AP50'] == 0 and 'det/c_AP50' not in found


def test_threshold_and_limit():
    rows = [[0, 0, 9, 9, .001, 0], [0, 0, 9, 9, .5, 0], [40, 0, 49, 9, .4, 0]]
    sample = dict(
        instances=instances([[0, 0, 0, 9, 9], [0, 40, 0, 49, 9]]),
        pred_instances=predictions(rows))
    metric = DetPRMetric()
    metric.process({}, [sample])
    assert metric.results[0]['scores'].tolist() == [.5, .4]
    area = dict(ap_mode='area')
    assert evaluate([sample], **area)['det/mAP_50'] == 1
    assert evaluate([sample], **area, max_dets=1)['det/mAP_50'] == .5


def ignored_sample():
    """An object found; one, and a detection, in a region; one half in it."""
    return dict(
        instances=instances([[0, 0, 0, 9, 9], [0, 52, 52, 60, 60],
                             [0, 36, 60, 46, 70]]) +
        [region(40, 40, 80, 80), region(0, 80, 20, 99, kind='others')],
        pred_instances=predictions(
            [[0, 0, 9, 9, .5, 0], [70, 70, 79, 79, .9, 0],
             [36, 60, 46, 70, .8, 0], [0, 80, 20, 99, .7, 0]]),
        ori_shape=(100, 100))


def test_ignored_regions():
    metric = DetPRMetric(ignore_mode='drop')
    metric.process({}, [ignored_sample()])
    # 60 percent of the third lies inside; "others" are no region.
    assert metric.results[0]['scores'].tolist() == [.7, .5]
    assert len(metric.results[0]['gt_labels']) == 1
    assert metric.results[0]['true'][:, 0].tolist() == [False, True]
    metric = DetPRMetric(ignore_mode='drop', ignore_cover=.65)
    metric.process({}, [ignored_sample()])
    assert metric.results[0]['scores'].tolist() == [.8, .7, .5]
    metric = DetPRMetric()
    metric.process({}, [ignored_sample()])
    assert len(metric.results[0]['scores']) == 4
    assert len(metric.results[0]['gt_labels']) == 3


def test_region_repeated_for_each_class_is_one():
    sample = ignored_sample()
    sample['instances'] += [dict(region(40, 40, 80, 80), bbox_label=1)] * 3
    protocol = dict(ignore_mode='drop', max_dets=500, ap_mode='area',
                    prefix='visdrone')
    assert evaluate([sample], **protocol) == evaluate(
        [ignored_sample()], **protocol)
    # One true behind one false detection.
    assert evaluate([sample], **protocol)['visdrone/mAP_50'] == \
        pytest.approx(.5)


def test_crowd_of_coco_is_a_region():
    sample = ignored_sample()
    for row in sample['instances']:
        row.pop('ignore_kind', None)
    metric = DetPRMetric(ignore_mode='drop')
    metric.process({}, [sample])
    assert metric.results[0]['scores'].tolist() == [.5]


def test_smoothed_choice_of_the_confidence():
    """The worked example, whose narrow maximum gives way to a broad one."""
    found = evaluate(worked_samples(), f1_smooth=.1)
    plain = evaluate(worked_samples())
    assert found['det/best_conf'] != plain['det/best_conf']
    assert found['det/f1'] < plain['det/f1']
    assert found['det/mAP_50'] == plain['det/mAP_50']


def test_no_ground_truth_at_all():
    sample = dict(instances=[], pred_instances=predictions(
        [[0, 0, 9, 9, .5, 0]]))
    with pytest.warns(UserWarning, match='no ground truth'):
        found = evaluate([sample])
    assert all(np.isnan(v) for v in found.values())


def test_no_image_at_all():
    metric = DetPRMetric()
    metric.dataset_meta = dict(classes=('a', 'b'))
    with pytest.raises(ValueError, match='no image.*dataloader'):
        metric.compute_metrics([])


def test_nothing_found():
    sample = dict(instances=instances([[0, 0, 0, 9, 9]]),
                  pred_instances=predictions([]))
    found = evaluate([sample])
    assert found['det/mAP'] == found['det/recall'] == 0


def test_labels_and_names_must_fit():
    sample = dict(instances=instances([[2, 0, 0, 9, 9]]),
                  pred_instances=predictions([]))
    with pytest.raises(ValueError, match='label 2 exceeds the 2 classes'):
        evaluate([sample])
    with pytest.raises(KeyError, match='METAINFO'):
        evaluate([sample], classes=None)


@pytest.mark.parametrize('wrong, message', [
    (dict(iou_thrs=[]), 'iou_thrs'), (dict(iou_thrs=[.5, .5]), 'iou_thrs'),
    (dict(iou_thrs=[1.5]), 'iou_thrs'), (dict(max_dets=0), 'max_dets'),
    (dict(ap_mode='11points'), "ap_mode must be .*'11points'"),
    (dict(ignore_mode='crowd'), "ignore_mode must be .*'crowd'"),
    (dict(f1_smooth=1.), 'f1_smooth')])
def test_illegal_arguments(wrong, message):
    with pytest.raises(ValueError, match=message):
        DetPRMetric(**wrong)
