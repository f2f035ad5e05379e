"""All images at once give what a stock head gives one by one."""
import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope

from mmextra.models.task_modules import batch_detections as module
from mmextra.models.task_modules.batch_detections import (
    batch_detections,
    is_plain,
)
from tests.pretend_device.device import PretendGPU
from tests.video_helpers import detector_cfg

RETINA = dict(
    type='RetinaHead', num_classes=3, in_channels=8, feat_channels=8,
    stacked_convs=1,
    anchor_generator=dict(
        type='AnchorGenerator', octave_base_scale=4, scales_per_octave=1,
        ratios=[.5, 1., 2.], strides=[8, 16]),
    bbox_coder=dict(type='DeltaXYWHBBoxCoder'),
    loss_cls=dict(type='FocalLoss', use_sigmoid=True))
FCOS = dict(type='FCOSHead', num_classes=3, in_channels=8, strides=[8, 16])


def build(kind):
    init_default_scope('mmdet')
    if kind == 'ssd':
        cfg = detector_cfg()
        head = dict(cfg['bbox_head'], train_cfg=cfg['train_cfg'])
    else:
        head = dict(RETINA if kind == 'retina' else FCOS)
    return MODELS.build(dict(head, test_cfg=settings())).eval()


def settings(**changes):
    return ConfigDict(dict(
        nms_pre=40, nms=dict(type='nms', iou_threshold=0.45),
        min_bbox_size=0, score_thr=0.1, max_per_img=20), **changes)


def outputs(head, images=5):
    torch.manual_seed(0)
    found = []
    for channels in (head.cls_out_channels, 4):
        level = []
        for number, size in zip(head.prior_generator.num_base_priors, (8, 4)):
            level.append(torch.randn(images, number * channels, size, size))
        found.append(level)
    # An image without candidates.
    found[0][0][2], found[0][1][2] = -9., -9.
    if not head.use_sigmoid_cls:
        for level in found[0]:
            level[2].unflatten(0, (-1, head.cls_out_channels))[:, -1] = 9.
    return found


METAS = [dict(img_shape=(60, 64), scale_factor=(1., 1.))] * 5


@pytest.mark.parametrize('kind', ['ssd', 'retina'])
@pytest.mark.parametrize('changes', [
    {}, dict(score_thr=.3, max_per_img=3), dict(nms_pre=-1),
    dict(min_bbox_size=20), dict(nms=dict(type='soft_nms', min_score=.2)),
    dict(nms=dict(type='nms', iou_threshold=.3, class_agnostic=True))])
@pytest.mark.parametrize('group', [None, 150, 10000])
def test_equal_to_the_stock_head(kind, changes, group, monkeypatch):
    if group == 150:  # two images at a time
        monkeypatch.setattr(module, 'LIMIT', 1900)
    head, cfg = build(kind), settings(**changes)
    outs = outputs(head)
    assert is_plain(head, outs, METAS, cfg)
    wanted = head.predict_by_feat(*outs, batch_img_metas=METAS, cfg=cfg)
    if group:  # as on a GPU
        monkeypatch.setattr(module, 'GROUP', group)
        stock = module._groups
        monkeypatch.setattr(module, '_groups',
                            lambda counts, _: stock(counts, True))
    found = batch_detections(head, *outs, METAS, cfg)
    assert [len(each) for each in found] == [len(each) for each in wanted]
    assert len(found[2]) == 0 < len(found[0])
    for ours, theirs in zip(found, wanted):
        assert torch.allclose(ours.scores, theirs.scores, atol=1e-6)
        assert torch.allclose(ours.bboxes, theirs.bboxes, atol=1e-3)
        assert torch.equal(ours.labels, theirs.labels)


def test_groups_hold_what_fits():
    groups = module._groups([3, 4, 9999, 0, 2], True)
    assert groups == [(0, 2, 0, 7), (2, 4, 7, 10006), (4, 5, 10006, 10008)]
    assert module._groups([3, 4], False) == [(0, 1, 0, 3), (1, 2, 3, 7)]


def test_few_waits():
    head = build('ssd')
    with PretendGPU() as gpu:
        outs = [[each.cuda() for each in part] for part in outputs(head)]
        gpu.ledger.reset()
        batch_detections(head, *outs, METAS, settings())
        ours = gpu.ledger.count('sync')
        gpu.ledger.reset()
        head.predict_by_feat(*outs, batch_img_metas=METAS, cfg=settings())
        stock = gpu.ledger.count('sync')
    assert ours <= 4 < 20 < stock


@pytest.mark.parametrize('change', ['head', 'sizes', 'nms'])
def test_others_are_left_to_their_head(change):
    head, metas, cfg = build('ssd'), METAS, settings()
    outs = outputs(head)
    if change == 'head':
        head = build('fcos')
    elif change == 'sizes':
        metas = [*METAS, dict(img_shape=(64, 60))]
    else:
        cfg.nms.max_num = 5
    assert not is_plain(head, outs, metas, cfg)
