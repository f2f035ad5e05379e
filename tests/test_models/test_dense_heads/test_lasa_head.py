import pytest
import torch
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.registry import init_default_scope
from mmrotate.registry import MODELS

from mmextra.models.dense_heads import LASAHead, LASAMixin
from mmextra.models.task_modules import lasa_points, lasa_scores

LASA = dict(type='LocalityAwareScoreAlign', pattern='diamond9')
ROTATED = {
    'rotated_retinanet': 'rotated_retinanet/'
    'rotated-retinanet-rbox-le90_r50_fpn_1x_dota.py',
    'rotated_fcos': 'rotated_fcos/rotated-fcos-le90_r50_fpn_1x_dota.py',
    'rotated_atss': 'rotated_atss/rotated-atss-le90_r50_fpn_1x_dota.py',
    'rtmdet': 'rotated_rtmdet/rotated_rtmdet_tiny-3x-dota.py',
    'csl': 'csl/rotated-retinanet-rbox-le90_r50_fpn_csl-gaussian_amp-1x_'
    'dota.py',
}


def stock_head(path, scope='mmrotate', lasa=LASA):
    init_default_scope(scope)
    cfg = get_config(f'{scope}::{path}').model
    head = cfg.bbox_head
    test_cfg = cfg.test_cfg.copy()
    if lasa:
        head.base, head.type = head.type, 'mmrotate.LASAHead'
        test_cfg.lasa = lasa
    test_cfg.score_thr = 0.01
    test_cfg.nms_pre = 50  # rotated NMS is slow on a CPU
    test_cfg.min_bbox_size = -1  # RTMDet's random boxes have no size
    head.update(train_cfg=cfg.train_cfg, test_cfg=test_cfg)
    return MODELS.build(head)


def run(head, weights=None):
    torch.manual_seed(0)
    strides = [s[0] for s in head.prior_generator.strides]
    if weights is None:
        for parameter in head.parameters():
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=0.05)
    else:
        head.load_state_dict(weights)
    torch.manual_seed(1)
    with torch.no_grad():
        sizes = [max(1, 64 // stride) for stride in strides]
        outs = head([torch.randn(1, head.in_channels, size, size)
                     for size in sizes])
    metas = [dict(img_shape=(64, 64), scale_factor=(1., 1.))]
    raw = head.predict_by_feat(
        *outs, batch_img_metas=metas, with_nms=False)[0]
    return outs, raw, head.predict_by_feat(*outs, batch_img_metas=metas)[0]


@pytest.mark.parametrize('name', sorted(ROTATED))
def test_every_kind_of_rotated_head_takes_lasa(name):
    plain = stock_head(ROTATED[name], lasa=None).eval()
    aligned = stock_head(
        ROTATED[name], lasa=dict(LASA, min_score=0.)).eval()
    assert isinstance(aligned, LASAMixin)
    _, raw, _ = run(plain)
    _, other, kept = run(aligned, plain.state_dict())
    # The boxes are those of the bare head, the scores are not.
    assert len(other) > 0
    assert torch.equal(other.bboxes.tensor, raw.bboxes.tensor)
    assert torch.equal(other.labels, raw.labels)
    assert not torch.allclose(other.scores, raw.scores)
    assert 0 < len(kept) <= len(raw)


def test_scores_are_those_of_the_map_under_the_box():
    head = stock_head(ROTATED['rotated_retinanet']).eval()
    outs, raw, _ = run(head)
    maps = [scores[0].sigmoid() for scores in outs[0]]
    strides = head.prior_generator.strides
    # Stock anchors stand at multiples of the stride, channel = a * C + c.
    found = 0
    for i in range(0, len(raw), max(1, len(raw) // 40)):
        box, label = raw.bboxes.tensor[i:i + 1], raw.labels[i]
        options = [
            lasa_scores(maps, box, torch.tensor([level]),
                        torch.tensor([a * head.num_classes + int(label)]),
                        strides, 0.0, lasa_points('diamond9'))
            for level in range(5) for a in range(head.num_base_priors)
        ]
        gap = (torch.cat(options) - raw.scores[i]).abs().min()
        found += bool(gap < 1e-6)
    assert found >= 40


def test_centerness_stays_in_the_score():
    head = stock_head(
        ROTATED['rotated_fcos'], lasa=dict(LASA, min_score=0.)).eval()
    outs, raw, _ = run(head)
    lasa, head.lasa = head.lasa, None
    _, bare, _ = run(head)
    head.lasa = lasa
    halved = [*outs[:3], [torch.full_like(c, -20.) for c in outs[3]]]
    metas = [dict(img_shape=(64, 64), scale_factor=(1., 1.))]
    dark = head.predict_by_feat(
        *halved, batch_img_metas=metas, with_nms=False)[0]
    # Without centerness nothing is left; with it, one factor in both.
    assert dark.scores.max() < 1e-6
    assert len(raw) == len(bare)
    assert (raw.scores <= 1).all() and (raw.scores > 0).all()


def test_horizontal_retinanet():
    init_default_scope('mmdet')
    cfg = get_config('mmdet::retinanet/retinanet_r50_fpn_1x_coco.py')
    head = cfg.model.bbox_head
    head.type = 'LASARetinaHead'
    head.update(train_cfg=cfg.model.train_cfg, test_cfg=dict(
        cfg.model.test_cfg, lasa=LASA, score_thr=0.01))
    head = MODELS.build(dict(head, type='mmdet.LASARetinaHead')).eval()
    _, raw, kept = run(head)
    assert len(raw) and raw.bboxes.shape[-1] == 4 and len(kept)


@pytest.mark.parametrize('base, error, text', [
    ('NoSuchHead', KeyError, 'NoSuchHead'),
    ('mmdet.ResNet', TypeError, 'no dense detection head')])
def test_bad_base_is_named(base, error, text):
    with pytest.raises(error, match=text):
        LASAHead(base=base)


def test_heads_that_choose_otherwise_are_refused():
    init_default_scope('mmdet')
    head = LASAHead(
        base='mmdet.RPNHead', in_channels=8, feat_channels=8,
        anchor_generator=dict(type='AnchorGenerator', scales=[8],
                              ratios=[1.0], strides=[8]),
        test_cfg=Config(dict(lasa=LASA, nms_pre=10, score_thr=0.05,
                             max_per_img=5, min_bbox_size=0,
                             nms=dict(type='nms', iou_threshold=0.7))))
    with pytest.raises(TypeError, match='RPNHead'):
        run(head)


def test_softmax_scores_are_refused():
    init_default_scope('mmdet')
    with pytest.raises(ValueError, match='use_sigmoid'):
        LASAHead(base='mmdet.AnchorHead', num_classes=2, in_channels=8,
                 loss_cls=dict(type='CrossEntropyLoss'),
                 test_cfg=dict(lasa=LASA))
