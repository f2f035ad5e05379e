import pytest
import torch
from mmengine.config import Config

from mmextra.apis.analysis.few_shot_speed import detector_step
from mmextra.models.roi_heads import QuerySupportRoIHead
from mmextra.models.task_modules.shared_boxes import share_boxes
from tests.helpers import ROOT


def test_alike_boxes_of_two_classes_are_one():
    boxes = [torch.tensor([[0., 0, 10, 10], [50, 50, 60, 60]]),
             torch.tensor([[0., 0, 10, 9], [80, 80, 90, 99], [1, 1, 1, 1]])]
    scores = [torch.tensor([.5, .4]), torch.tensor([.9, .1, .05])]
    kept, (first, second) = share_boxes(boxes, scores, .8)
    assert kept.tolist() == [[0, 0, 10, 9], [50, 50, 60, 60],
                             [80, 80, 90, 99], [1, 1, 1, 1]]
    assert first.tolist() == [0, 1] and second.tolist() == [0, 2, 3]
    # At another threshold each is its own.
    kept, places = share_boxes(boxes, scores, .95)
    assert len(kept) == 5
    for own, place in zip(boxes, places):
        assert torch.equal(kept[place], own)


def test_the_nearest_stands_for_a_box():
    """Not the first one that drops it."""
    boxes = [torch.tensor([[0., 0, 10, 10], [4, 0, 14, 10]]),
             torch.tensor([[3., 0, 13, 10]])]
    _, (_, second) = share_boxes(
        boxes, [torch.tensor([.9, .8]), torch.tensor([.1])], .5)
    assert second.tolist() == [1]


def test_without_boxes():
    kept, places = share_boxes([torch.zeros(0, 4)] * 2, [torch.zeros(0)] * 2,
                               .7)
    assert kept.shape == (0, 4) and [len(each) for each in places] == [0, 0]


@pytest.mark.parametrize('share_iou', [1., .7])
def test_detector_that_shares(share_iou, tmp_path, monkeypatch):
    """At an IoU of 1 it detects what it does without; below, it computes
    fewer features."""
    counts = []
    extract = QuerySupportRoIHead.extract_rois
    monkeypatch.setattr(
        QuerySupportRoIHead, 'extract_rois',
        lambda self, x, rois: (counts.append(len(rois)),
                               extract(self, x, rois))[1])
    found = []
    for value in (None, share_iou):
        cfg = Config.fromfile(ROOT / 'configs/gcn_fsod/synthetic-5shot.py')
        cfg.model.test_cfg.rcnn.update(share_iou=value, score_thr=0.)
        cfg.dump(tmp_path / 'config.py')
        step = detector_step(str(tmp_path / 'config.py'), 3, (64, 96))
        counts.clear()
        found.append((step()[0].pred_instances, sum(counts)))
    (plain, every), (shared, fewer) = found
    assert len(plain) > 0
    if share_iou == 1.:
        assert fewer <= every
        torch.testing.assert_close(shared.scores, plain.scores)
        torch.testing.assert_close(shared.bboxes, plain.bboxes)
    else:
        assert 0 < fewer < every and len(shared) > 0
