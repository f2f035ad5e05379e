"""All pairs at once against mmdet's head, pair by pair."""
import pytest
import torch
from mmdet.models.dense_heads import RPNHead
from mmengine.config import ConfigDict

from mmextra.models.dense_heads.joint_pairs import (
    can_propose_jointly,
    can_target_jointly,
    propose_jointly,
    target_jointly,
)
from tests.test_models.test_dense_heads.test_lcrpn_head import build, sample

# Two strides, so that boxes of different levels do not suppress each other.
LEVELS = dict(anchor_generator=dict(
    type='AnchorGenerator', scales=[2], ratios=[1., 2.], strides=[8, 16]))
SIZES = [(6, 8), (3, 4)]


def maps(channels, pairs=4):
    return [torch.randn(pairs, channels, *size) for size in SIZES]


@pytest.mark.parametrize('changed', [
    dict(), dict(nms_pre=7), dict(nms_pre=-1, max_per_img=1000),
    dict(min_bbox_size=14), dict(min_bbox_size=1000),
    dict(nms=dict(type='soft_nms', iou_threshold=.5, min_score=.3))])
def test_proposals_are_those_of_the_stock_head(changed):
    head = build(**LEVELS)
    scores, deltas = maps(2), maps(8)
    metas = [dict(img_shape=shape) for shape in
             ((48, 64), (25, 37), (48, 64), (40, 50))]
    cfg = ConfigDict({**head.test_cfg, **changed})
    wanted = RPNHead.predict_by_feat(
        head, scores, deltas, batch_img_metas=metas, cfg=cfg)
    found = propose_jointly(head, scores, deltas, metas, cfg)
    assert [len(each) for each in found] == [len(each) for each in wanted]
    assert sum(map(len, found)) > 0 or changed.get('min_bbox_size') == 1000
    for ours, theirs in zip(found, wanted):
        torch.testing.assert_close(ours.bboxes, theirs.bboxes)
        torch.testing.assert_close(ours.scores, theirs.scores)
        assert not ours.labels.any()


def test_targets_are_those_of_the_stock_head():
    head = build(**LEVELS)
    images = [sample(48, 64, (0., 0, 20, 16), (30, 20, 60, 44)),
              sample(48, 64, (4., 8, 24, 30)), sample(48, 64)]
    images += images[:1]
    metas = [dict(each.metainfo, negative_pair=number == 3)
             for number, each in enumerate(images)]
    gts = [each.gt_instances for each in images]
    anchors, flags = head.get_anchors(SIZES, metas, device='cpu')
    assert can_target_jointly(head)
    torch.manual_seed(0)
    wanted = RPNHead.get_targets(head, anchors, flags, gts, metas)
    torch.manual_seed(0)
    found = target_jointly(head, anchors, flags, gts, metas)
    assert found[-1] == wanted[-1]
    assert sum(each.sum() for each in found[3]) > 0
    for number in (0, 1, 3):
        for ours, theirs in zip(found[number], wanted[number]):
            torch.testing.assert_close(ours, theirs)
    # Deltas without weight do not matter: the stock head fills in some.
    for ours, theirs, weights in zip(found[2], wanted[2], wanted[3]):
        torch.testing.assert_close(ours * weights, theirs * weights)


def test_other_heads_are_left_to_themselves():
    head = build()
    # Its suppression takes the square of the number of boxes.
    cfg, elsewhere = head.test_cfg, torch.zeros(1, device='meta')
    assert not can_propose_jointly(head, torch.zeros(1), cfg)
    assert can_propose_jointly(head, elsewhere, cfg)
    # Pairs would suppress each other, or share a limit.
    for changed in (dict(class_agnostic=True), dict(max_num=5)):
        other = dict(cfg, nms=dict(cfg.nms, **changed))
        assert not can_propose_jointly(head, elsewhere, other)
    head.use_sigmoid_cls = False
    assert not can_propose_jointly(head, elsewhere, cfg)
    for cfg in (dict(reg_decoded_bbox=True), dict(train_cfg=ConfigDict(
            head.train_cfg, allowed_border=0))):
        assert not can_target_jointly(build(**cfg))
