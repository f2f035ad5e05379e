import pytest
import torch
from mmdet.models.roi_heads.bbox_heads import Shared2FCBBoxHead
from mmengine.config import ConfigDict

from mmextra.models.roi_heads import NonEmptyShared2FCBBoxHead
from tests.helpers import worked_case

CASE = worked_case('covid_ct_mask_net', 'empty_box_removal')
CFG = ConfigDict(score_thr=-0.01, max_per_img=4,
                 nms=dict(type='nms', iou_threshold=0.75))
META = dict(img_shape=(512, 512), scale_factor=(2., 2.))


def head(cls=NonEmptyShared2FCBBoxHead):
    return cls(in_channels=2, fc_out_channels=2, num_classes=1,
               bbox_coder=dict(type='DeltaXYWHBBoxCoder',
                               target_stds=[.1, .1, .2, .2]))


def predict(cls, rescale=False, cfg=CFG, count=2):
    rois = torch.tensor(CASE['rois'], dtype=torch.float)[:count]
    rois = torch.cat([torch.zeros(count, 1), rois], 1)
    return head(cls)._predict_by_feat_single(
        rois, torch.tensor(CASE['logits'])[:count],
        torch.tensor(CASE['raw_deltas'], dtype=torch.float)[:count], META,
        rescale, cfg)


def test_empty_boxes_are_dropped():
    stock = predict(Shared2FCBBoxHead)
    assert len(stock) == 2
    kept = predict(NonEmptyShared2FCBBoxHead)
    survivors = CASE['survivors']
    assert kept.bboxes.tolist() == [
        CASE['decoded_clipped'][i] for i in survivors]
    assert kept.scores.item() == pytest.approx(CASE['vector4'][0], abs=1e-6)
    assert kept.labels.tolist() == [0]
    rescaled = predict(NonEmptyShared2FCBBoxHead, rescale=True)
    assert torch.equal(rescaled.bboxes * 2, kept.bboxes)


def test_equals_stock_without_empty_boxes():
    torch.manual_seed(0)
    rois = torch.rand(40, 4).sort(dim=1).values[:, [0, 1, 2, 3]] * 500
    rois = torch.cat([torch.zeros(40, 1), rois[:, :2], rois[:, 2:] + 1], 1)
    logits, deltas = torch.randn(40, 2), 0.1 * torch.randn(40, 4)
    for cfg in (CFG, None):
        got, want = (head(cls)._predict_by_feat_single(
            rois, logits, deltas, META, True, cfg)
            for cls in (NonEmptyShared2FCBBoxHead, Shared2FCBBoxHead))
        assert torch.equal(got.bboxes, want.bboxes)
        assert torch.equal(got.scores, want.scores)


def test_no_rois():
    assert len(predict(NonEmptyShared2FCBBoxHead, count=0)) == 0
