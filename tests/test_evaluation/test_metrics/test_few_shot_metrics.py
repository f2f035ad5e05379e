import json

import numpy as np
import pytest
import torch
from mmdet.evaluation.metrics import CocoMetric
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmextra.evaluation.metrics import FewShotCocoMetric, FewShotVOCMetric

CLASSES = ('a', 'b', 'c')
# Neither the list of categories nor their ids are in the order of the
# classes.
IDS = dict(c=5, a=7, b=2)
CATEGORIES = [dict(id=number, name=name) for name, number in IDS.items()]


@pytest.fixture(scope='module')
def scene(tmp_path_factory):
    """Random boxes of three classes in six images, and noisy detections."""
    rng = np.random.default_rng(3)
    images, anns, samples = [], [], []
    for number in range(6):
        images.append(dict(id=number, width=300, height=300,
                           file_name=f'{number}.png'))
        boxes, labels = [], []
        for _ in range(6):
            label = int(rng.integers(3))
            x, y = rng.uniform(0, 150, 2)
            w, h = rng.uniform(10, 140, 2)
            anns.append(dict(
                id=len(anns) + 1, image_id=number, iscrowd=0, area=w * h,
                category_id=IDS[CLASSES[label]], bbox=[x, y, w, h]))
            for _ in range(2):
                boxes.append(np.array([x, y, x + w, y + h]) + rng.normal(
                    0, 6, 4))
                labels.append(label if rng.uniform() < .8 else
                              int(rng.integers(3)))
        samples.append(dict(
            img_id=number, ori_shape=(300, 300),
            pred_instances=dict(
                bboxes=torch.tensor(np.array(boxes)),
                scores=torch.tensor(rng.uniform(0, 1, len(boxes))),
                labels=torch.tensor(labels))))
    path = tmp_path_factory.mktemp('metric') / 'gt.json'
    path.write_text(json.dumps(dict(
        images=images, annotations=anns, categories=CATEGORIES)))
    return str(path), samples


def measure(path, samples, splits=None, **kwargs):
    metric = FewShotCocoMetric(ann_file=path, class_splits=splits, **kwargs)
    metric.dataset_meta = dict(classes=CLASSES)
    metric.process({}, samples)
    return metric.evaluate(len(samples))


def by_pycocotools(path, samples, names):
    truth = COCO(path)
    found = [
        dict(image_id=s['img_id'], score=float(score),
             category_id=IDS[CLASSES[int(label)]],
             bbox=[x1, y1, x2 - x1, y2 - y1])
        for s in samples for (x1, y1, x2, y2), score, label in zip(
            *(s['pred_instances'][key].tolist()
              for key in ('bboxes', 'scores', 'labels')))
    ]
    evaluation = COCOeval(truth, truth.loadRes(found), 'bbox')
    evaluation.params.catIds = [IDS[name] for name in names]
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation.stats


KEYS = ('mAP', 'mAP_50', 'mAP_75', 'mAP_s', 'mAP_m', 'mAP_l', 'AR@1',
        'AR@10', 'AR@100', 'AR_s@100', 'AR_m@100', 'AR_l@100')


def test_splits_equal_pycocotools_on_their_categories(scene):
    splits = dict(NOVEL_CLASSES=('c', 'b'), BASE_CLASSES=('a', ))
    found = measure(*scene, splits)
    for prefix, names in (('', CLASSES), ('NOVEL_CLASSES_', ('b', 'c')),
                          ('BASE_CLASSES_', ('a', ))):
        want = by_pycocotools(*scene, names)
        assert 0 < want[0] < 1 and want[6] < want[7]
        got = [found[f'coco/{prefix}bbox_{key}'] for key in KEYS]
        np.testing.assert_allclose(got, want, atol=1e-12)


def test_stock_metric_mislabels_what_ours_reports(scene):
    """Why there is a metric of its own."""
    stock = CocoMetric(ann_file=scene[0])
    stock.dataset_meta = dict(classes=CLASSES)
    stock.process({}, scene[1])
    assert stock.evaluate(6)['coco/bbox_mAP'] != pytest.approx(
        measure(*scene)['coco/bbox_mAP'], abs=0.02)


def test_classwise(scene):
    found = measure(*scene, classwise=True)
    for name in CLASSES:
        want = by_pycocotools(*scene, (name, ))
        assert found[f'coco/{name}_precision'] == pytest.approx(want[0])


@pytest.mark.parametrize('classes', [('cat', 'dog'), ('dog', 'cat')])
def test_a_class_that_is_missed_is_the_one_told(tmp_path, classes):
    path = tmp_path / 'gt.json'
    box = [10, 10, 40, 40]
    path.write_text(json.dumps(dict(
        images=[dict(id=1, width=100, height=100, file_name='1.png')],
        categories=[dict(id=17, name='cat'), dict(id=18, name='dog')],
        annotations=[
            dict(id=cat, image_id=1, iscrowd=0, area=1600, category_id=cat,
                 bbox=box) for cat in (17, 18)])))
    metric = FewShotCocoMetric(
        ann_file=str(path), classwise=True,
        class_splits=dict(CATS=('cat', ), DOGS=('dog', )))
    metric.dataset_meta = dict(classes=classes)
    metric.process({}, [dict(
        img_id=1, ori_shape=(100, 100), pred_instances=dict(
            bboxes=torch.tensor([[10., 10., 50., 50.]]),
            scores=torch.ones(1),
            labels=torch.tensor([classes.index('cat')])))])
    found = metric.evaluate(1)
    assert found['coco/CATS_bbox_mAP'] == pytest.approx(1)
    assert found['coco/cat_precision'] == pytest.approx(1)
    assert found['coco/DOGS_bbox_mAP'] == found['coco/dog_precision'] == 0
    assert found['coco/bbox_mAP'] == pytest.approx(.5)


def test_nothing_detected(scene):
    path, samples = scene
    empty = [dict(s, pred_instances={
        key: value[:0] for key, value in s['pred_instances'].items()})
        for s in samples]
    options = dict(splits=dict(NOVEL_CLASSES=('b', )), classwise=True)
    found = measure(path, empty, **options)
    assert len(found) == 30 and set(found.values()) == {0.}
    assert set(found) == set(measure(*scene, **options))


def test_unknown_splits_and_classes(scene):
    with pytest.raises(ValueError, match='no class of NOVEL_CLASSES'):
        measure(*scene, ['NOVEL_CLASSES'])
    with pytest.raises(ValueError, match='NOVEL_CLASSES'):
        FewShotCocoMetric(class_splits=['NOVEL'])
    with pytest.raises(ValueError, match='boxes'):
        FewShotCocoMetric(metric='segm')
    metric = FewShotCocoMetric(ann_file=scene[0])
    metric.dataset_meta = dict(classes=('a', 'z'))
    metric.process({}, scene[1])
    with pytest.raises(ValueError, match='no category.*z'):
        metric.evaluate(6)


def voc_sample(truth, labels, found, scores, found_labels):
    return dict(
        gt_instances=dict(bboxes=torch.tensor(truth).float(),
                          labels=torch.tensor(labels)),
        ignored_instances=dict(bboxes=torch.zeros(0, 4),
                               labels=torch.zeros(0)),
        pred_instances=dict(bboxes=torch.tensor(found).float(),
                            scores=torch.tensor(scores),
                            labels=torch.tensor(found_labels)))


def test_voc():
    metric = FewShotVOCMetric(class_splits=dict(
        NOVEL=('b', ), BASE=('a', 'c')))
    metric.dataset_meta = dict(classes=CLASSES)
    # Files count from 1: a prediction at 9 is at 10 there.
    metric.process({}, [voc_sample(
        [[10, 10, 19, 29], [50, 50, 90, 90]], [0, 1],
        [[9., 9, 19, 29], [50, 50, 69, 90]], [.9, .8], [0, 1])])
    found = metric.evaluate(1)
    # Box b reaches 20 of 41 columns: IoU below a half.
    assert found['pascal_voc/AP50'] == pytest.approx(.5)
    assert found['pascal_voc/BASE_AP50'] == pytest.approx(1)
    assert found['pascal_voc/NOVEL_AP50'] == 0
    metric.dataset_meta = dict(classes=('a', 'z'))
    metric.process({}, [voc_sample([[1, 1, 2, 2]], [0], [[0., 0, 1, 1]],
                                   [.5], [0])])
    with pytest.raises(ValueError, match='no class of NOVEL'):
        metric.evaluate(1)


def test_voc_means_over_thresholds_are_of_each_split():
    """One box reaches an IoU of .7, the other of .9 (whole pixels)."""
    metric = FewShotVOCMetric(
        iou_thrs=[.5, .75, .95], eval_mode='area',
        class_splits=dict(NOVEL=('b', ), BASE=('a', )))
    metric.dataset_meta = dict(classes=('a', 'b'))
    metric.process({}, [voc_sample(
        [[1, 1, 10, 10], [21, 1, 30, 10]], [0, 1],
        [[0., 0, 10, 7], [20, 0, 30, 9]], [.9, .8], [0, 1])])
    found = metric.evaluate(1)
    assert found['pascal_voc/BASE_mAP'] == pytest.approx(1 / 3)
    assert found['pascal_voc/NOVEL_mAP'] == pytest.approx(2 / 3)
    assert found['pascal_voc/mAP'] == pytest.approx(1 / 2)


def test_voc_offset_decides_at_the_threshold():
    """A box two pixels high overlaps half only after the shift."""
    def ap(offset):
        metric = FewShotVOCMetric(coordinate_offset=offset)
        metric.dataset_meta = dict(classes=('a', ))
        metric.process({}, [voc_sample(
            [[10, 10, 20, 11]], [0], [[9., 7, 20, 11]], [.9], [0])])
        return metric.evaluate(1)['pascal_voc/AP50']

    assert ap((-1, -1, 0, 0)) == pytest.approx(1)
    assert ap((0, 0, 0, 0)) == 0


def test_ids_from_zero_and_areas_of_zero_change_nothing(scene, tmp_path):
    """COCO's evaluation takes a match with annotation 0 for none."""
    path, samples = scene
    wanted = measure(path, samples)
    with open(path) as file:
        content = json.load(file)
    for number, item in enumerate(content['annotations']):
        item.update(id=number, area=0)
        del item['iscrowd']
    odd = tmp_path / 'odd.json'
    odd.write_bytes(b'\xef\xbb\xbf' + json.dumps(content).encode())
    assert measure(str(odd), samples) == wanted
