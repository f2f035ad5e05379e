import json

import numpy as np
import pytest
import torch
from mmdet.evaluation import CocoMetric
from mmdet.registry import METRICS
from pycocotools import mask as mask_utils

from mmextra.evaluation.metrics import LesionMeanAP
from tests.helpers import worked_case

CASE = worked_case('covid_ct_mask_net', 'mask_ap_per_image')
META = dict(classes=('lesion', 'other'))


def bitmap(name):
    x1, y1, x2, y2 = CASE['rects'][name]
    mask = np.zeros((64, 64), np.uint8)
    mask[y1:y2, x1:x2] = 1
    return mask


def rle(mask):
    found = mask_utils.encode(np.asfortranarray(mask))
    return dict(size=found['size'], counts=found['counts'].decode())


def sample(case, number=0):
    masks = [bitmap(name) for _, _, name in case['preds']]
    return dict(
        img_id=number, img_path=f'{number}.png', ori_shape=(64, 64),
        instances=[
            dict(bbox=CASE['rects'][name], bbox_label=label, ignore_flag=0,
                 mask=rle(bitmap(name))) for label, name in case['gts']
        ],
        pred_instances=dict(
            scores=torch.tensor([score for _, score, _ in case['preds']]),
            labels=torch.tensor(
                [label for label, _, _ in case['preds']], dtype=torch.long),
            bboxes=torch.tensor(
                [CASE['rects'][name] for _, _, name in case['preds']],
                dtype=torch.float).reshape(-1, 4),
            masks=torch.tensor(np.array(masks, bool).reshape(-1, 64, 64))))


def evaluate(samples, size=None, **kwargs):
    metric = METRICS.build(dict(type='LesionMeanAP', **kwargs))
    metric.dataset_meta = META
    metric.process({}, samples)
    return metric.evaluate(size or len(samples))


@pytest.mark.parametrize('name', sorted(CASE['cases']))
def test_single_images(name):
    case = CASE['cases'][name]
    metrics = evaluate([sample(case)])
    assert set(metrics) == {'lesion/mAP', 'lesion/AP50', 'lesion/AP75'}
    for key in ('mAP', 'AP50', 'AP75'):
        assert metrics[f'lesion/{key}'] == pytest.approx(case[key], abs=1e-9)


def all_samples():
    return [sample(case, number)
            for number, case in enumerate(CASE['cases'].values())]


def test_mean_of_the_images():
    metrics = evaluate(all_samples())
    for key, value in CASE['dataset_mean'].items():
        assert metrics[f'lesion/{key}'] == pytest.approx(value)


def test_coco_is_another_measure():
    """Pooled over images, COCO's AP of the same detections differs."""
    metric = CocoMetric(metric='segm')
    metric.dataset_meta = META
    samples = all_samples()
    metric.process({}, samples)
    coco = metric.evaluate(len(samples))
    assert coco['coco/segm_mAP'] == pytest.approx(0.411, abs=1e-3)
    assert coco['coco/segm_mAP_50'] == pytest.approx(0.552, abs=1e-3)


def test_surplus_samples_of_several_processes_are_dropped():
    cases = CASE['cases']
    samples = [sample(cases['perfect']), sample(cases['missed'])]
    assert evaluate(samples + samples[:1], size=2)['lesion/mAP'] == 0.5


def test_options():
    two = sample(CASE['cases']['fp_first'])
    assert evaluate([two], score_thr=0.95)['lesion/mAP'] == 0
    assert evaluate([two], iou_thrs=[0.6]).keys() == {'lesion/mAP'}
    two['instances'][0]['ignore_flag'] = 1
    two['pred_instances'] = {
        k: v[:0] for k, v in two['pred_instances'].items()}
    assert evaluate([two])['lesion/mAP'] == 1
    metrics = evaluate([sample(CASE['cases']['wrong_class'])], per_class=True)
    assert metrics['lesion/AP50_lesion'] == metrics['lesion/AP50_other'] == 0
    both = dict(gts=[[0, 'A'], [1, 'B']],
                preds=[[0, .9, 'A'], [1, .8, 'far']])
    metrics = evaluate([sample(both)], per_class=True)
    assert metrics['lesion/AP50_lesion'] == 1
    assert metrics['lesion/AP50_other'] == 0
    assert metrics['lesion/AP50'] == 0.5
    with pytest.raises(ValueError, match='iou_thrs'):
        LesionMeanAP(iou_thrs=[50])


def test_polygons_and_uncompressed_rle():
    case = CASE['cases']['perfect']
    one = sample(case)
    for each in one['instances']:
        x1, y1, x2, y2 = each['bbox']
        each['mask'] = [[x1, y1, x2, y1, x2, y2, x1, y2]]
    assert evaluate([one])['lesion/mAP'] == 1
    json.dumps(one['instances'])


def test_what_is_missing_is_told():
    one = sample(CASE['cases']['perfect'])
    for part, told in (('instances', 'PackCTInputs'), ('masks', 'mask head')):
        broken = dict(one, pred_instances=dict(one['pred_instances']))
        broken.pop(part, None)
        broken['pred_instances'].pop(part, None)
        with pytest.raises(KeyError, match=told):
            evaluate([broken])
