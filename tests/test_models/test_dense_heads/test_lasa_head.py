import copy
import io
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.registry import init_default_scope
from mmrotate.registry import MODELS

from mmextra.models.dense_heads import LASAHead, LASAMixin
from mmextra.models.dense_heads.lasa_head import why_unreachable
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


def test_softmax_scores_are_refused():
    init_default_scope('mmdet')
    with pytest.raises(ValueError, match='use_sigmoid'):
        LASAHead(base='mmdet.AnchorHead', num_classes=2, in_channels=8,
                 loss_cls=dict(type='CrossEntropyLoss'),
                 test_cfg=dict(lasa=LASA))


CENTRES = [(0.5, 0.5), (0.2, 0.7)]


@pytest.mark.parametrize('generator, offsets', [
    (dict(type='AnchorGenerator', center_offset=0.5), [(.5, .5), (.5, .5)]),
    # Twice the stride, of which the offset is a part.
    (dict(type='AnchorGenerator', center_offset=0.25, base_sizes=[16, 32]),
     [(.5, .5), (.5, .5)]),
    (dict(type='AnchorGenerator', centers=[(4., 4.), (3.2, 11.2)]), CENTRES),
    (dict(type='AnchorGenerator'), [(0, 0), (0, 0)])])
def test_anchors_stand_where_their_generator_says(generator, offsets):
    init_default_scope('mmdet')
    head = LASAHead(
        base='mmdet.RetinaHead', num_classes=2, in_channels=4,
        stacked_convs=0, anchor_generator=dict(
            dict(scales=[1.0], ratios=[1.0], strides=[8, 16]), **generator),
        loss_cls=dict(type='mmdet.FocalLoss', use_sigmoid=True),
        test_cfg=Config(dict(
            lasa=dict(LASA, min_score=0., pattern='diamond5', extent=1e-6),
            nms_pre=-1, score_thr=0., min_bbox_size=-1, max_per_img=9,
            nms=dict(type='nms', iou_threshold=.5)))).eval()
    found = head._location_offset()
    assert [pytest.approx(each) for each in offsets] == list(found)
    # With all points on the centre every box keeps its own score.
    torch.manual_seed(0)
    maps = [torch.randn(1, 2, 8 // k, 8 // k) for k in (1, 2)]
    boxes = [torch.zeros(1, 4, 8 // k, 8 // k) for k in (1, 2)]
    metas = [dict(img_shape=(999, 999), scale_factor=(1., 1.))]
    head.bbox_coder.clip_border = False
    scores = {}
    for lasa in (None, head.lasa):
        head.lasa = lasa
        scores[lasa is None] = head.predict_by_feat(
            maps, boxes, batch_img_metas=metas, with_nms=False)[0].scores
    assert torch.allclose(scores[True], scores[False], atol=1e-5)


UNREACHABLE = ['YOLOXHead', 'YOLOV3Head', 'CenterNetHead', 'PAAHead',
               'RTMDetInsHead', 'RTMDetInsSepBNHead', 'RPNHead',
               'CascadeRPNHead', 'DETRHead', 'SOLOHead', 'CornerHead',
               'YOLACTHead']


def test_which_heads_are_reached():
    reached = {}
    for name in [
            *UNREACHABLE,
            'RetinaHead', 'ATSSHead', 'GFLHead', 'FCOSHead', 'TOODHead',
            'FreeAnchorRetinaHead', 'FoveaHead', 'RepPointsHead', 'VFNetHead',
            'AnchorHead', 'RTMDetHead', 'RTMDetSepBNHead', 'DDODHead']:
        reached[name] = not why_unreachable(MMDET_MODELS.get(name))
    assert {name for name, good in reached.items() if not good} == set(
        UNREACHABLE)
    for name in ('RotatedRetinaHead', 'RotatedFCOSHead', 'RotatedATSSHead',
                 'RotatedRTMDetSepBNHead', 'AngleBranchRetinaHead',
                 'RotatedRepPointsHead'):
        assert not why_unreachable(MODELS.get(name)), name


@pytest.mark.parametrize('path', [
    'yolox/yolox_tiny_8xb8-300e_coco.py',
    'yolo/yolov3_mobilenetv2_8xb24-320-300e_coco.py',
    'centernet/centernet_r18_8xb16-crop512-140e_coco.py',
    'paa/paa_r50_fpn_1x_coco.py', 'rtmdet/rtmdet-ins_tiny_8xb32-300e_coco.py'])
def test_heads_out_of_reach_are_refused_when_built(path):
    init_default_scope('mmdet')
    cfg = get_config(f'mmdet::{path}').model
    head = cfg.bbox_head
    base = head.pop('type')
    build = dict(head, base=base, train_cfg=cfg.get('train_cfg'),
                 test_cfg=dict(cfg.test_cfg, lasa=LASA))
    with pytest.raises(TypeError, match=base):
        LASAHead(**build)
    build['test_cfg'].pop('lasa')
    head = LASAHead(**build)
    with pytest.raises(TypeError, match='lasa=None'):
        head.set_lasa(LASA)


def small(name):
    scope = 'mmrotate' if 'Rotated' in name else 'mmdet'
    init_default_scope(scope)
    more = dict(
        strides=[8], regress_ranges=((-1, 1e8), ), loss_angle=None,
        bbox_coder=dict(type='DistanceAnglePointCoder', angle_version='le90'),
        loss_bbox=dict(type='RotatedIoULoss')) if 'FCOS' in name else {}
    return LASAHead(
        base=name, num_classes=1, in_channels=32, feat_channels=32,
        stacked_convs=1, test_cfg=dict(lasa=LASA), **more)


@pytest.mark.parametrize('name', ['RotatedFCOSHead', 'RetinaHead'])
def test_classes_made_at_run_time_are_saved_and_copied(name):
    head = small(name)
    stream = io.BytesIO()
    torch.save(torch.nn.Sequential(head), stream)
    stream.seek(0)
    loaded = torch.load(stream, weights_only=False)[0]
    for other in (loaded, copy.deepcopy(head),
                  pickle.loads(pickle.dumps(head))):
        assert type(other) is type(head) and other.lasa.mode == 'replace'
        assert other.state_dict().keys() == head.state_dict().keys()
        for key, value in head.state_dict().items():
            assert torch.equal(value, other.state_dict()[key])
            assert value.data_ptr() != other.state_dict()[key].data_ptr()
        assert len(list(other.children())) == len(list(head.children()))
    # In a process that has not made the class yet.
    path = Path(__file__).parents[3]
    code = ('import sys, pickle, mmextra; '
            'head = pickle.load(sys.stdin.buffer); '
            'print(type(head).__name__, len(head.state_dict()))')
    out = subprocess.run([sys.executable, '-c', code], cwd=path,
                         input=pickle.dumps(head), capture_output=True,
                         check=True).stdout.decode()
    assert out.split() == [f'LASA{name}', str(len(head.state_dict()))]
