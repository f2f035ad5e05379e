import numpy as np
import pytest

from mmextra.evaluation.error_analysis.breakdown import (
    SIZES,
    angles,
    ap_by_range,
    class_curves,
    confusion_matrix,
    proportions,
    sizes,
)
from mmextra.evaluation.error_analysis.errors import judge
from tests.scene_helpers import CLASSES, random_scenes, scene


def test_curves_by_hand():
    truth = [((0, 0, 10, 10), 0), ((50, 50, 60, 60), 0)]
    judged = [judge(scene([((0, 0, 10, 10), 0, .9), ((80, 80, 90, 90), 0, .8),
                           ((50, 50, 60, 60), 0, .7)], truth))]
    first, second, _ = class_curves(judged, CLASSES)
    assert first.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3])
    assert first.recall.tolist() == pytest.approx([.5, .5, 1])
    assert first.best == pytest.approx(
        dict(score=.7, f1=.8, precision=2 / 3, recall=1))
    assert (first.objects, second.objects) == (2, 0)
    assert np.isnan(second.ap) and second.best['f1'] == 0


def test_confusion_by_hand():
    truth = [((0, 0, 10, 10), 0), ((50, 50, 60, 60), 1),
             ((80, 80, 99, 99), 2, True)]
    found = [((0, 0, 10, 10), 1, .9), ((50, 50, 60, 60), 1, .1),
             ((20, 20, 30, 30), 2, .8), ((82, 82, 90, 90), 2, .7)]
    matrix = confusion_matrix([scene(found, truth)], 3)
    expected = np.zeros((4, 4), int)
    expected[0, 1] = expected[1, 3] = expected[3, 2] = 1
    assert matrix.tolist() == expected.tolist()


def test_measures_of_rotated_boxes():
    boxes = np.array([[50, 50, 40, 10, np.pi / 6], [50, 50, 10, 40, 0.],
                      [0, 0, 20, 20, 0]])
    assert angles(boxes).tolist() == pytest.approx([30, 90, 0])
    assert proportions(boxes).tolist() == pytest.approx([4, 4, 1])
    assert sizes(boxes).tolist() == pytest.approx([20, 20, 20])


@pytest.mark.parametrize('seed', range(2))
def test_sizes_as_coco_counts(seed, capsys):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    rng = np.random.default_rng(seed)
    scenes = random_scenes(rng, 20)
    for each in scenes:
        # Some small, none at a limit.
        scale = rng.choice([.4, 1., 2.])
        each.boxes *= scale
        each.found.boxes *= scale
    images = [dict(id=k, width=400, height=400)
              for k in range(1, len(scenes) + 1)]
    truth, found = [], []
    for k, each in enumerate(scenes, 1):
        for box, label in zip(each.boxes, each.labels):
            w, h = box[2:] - box[:2]
            truth.append(dict(
                id=len(truth) + 1, image_id=k, category_id=int(label) + 1,
                bbox=[*box[:2], w, h], area=w * h, iscrowd=0))
        for box, label, score in zip(
                each.found.boxes, each.found.labels, each.found.scores):
            found.append(dict(
                image_id=k, category_id=int(label) + 1, score=float(score),
                bbox=[*box[:2], *(box[2:] - box[:2])]))
    coco = COCO()
    coco.dataset = dict(images=images, annotations=truth, categories=[
        dict(id=k + 1, name=name) for k, name in enumerate(CLASSES)])
    coco.createIndex()
    evaluation = COCOeval(coco, coco.loadRes(found), 'bbox')
    evaluation.evaluate()
    evaluation.accumulate()
    # (threshold, recall, class, area, limit of detections)
    precision = evaluation.eval['precision'][0, :, :, 1:, -1]
    own = ap_by_range(scenes, 3, sizes, SIZES)
    for k, row in enumerate(own.values()):
        valid = precision[..., k][precision[..., k] > -1]
        expected = valid.mean() if len(valid) else np.nan
        assert row['ap'] == pytest.approx(expected, abs=1e-6, nan_ok=True)
