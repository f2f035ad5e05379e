import math

import pytest
import torch
import torch.nn.functional as F
from mmdet.models.losses import CIoULoss
from mmdet.registry import MODELS
from mmdet.structures.bbox import HorizontalBoxes, bbox_cxcywh_to_xyxy
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from mmextra.models.dense_heads import YOLOv5Head
from mmextra.models.losses import efficient_iou_loss

TEST_CFG = ConfigDict(
    score_thr=0.001, nms_pre=30000, nms=dict(type='nms', iou_threshold=0.6),
    max_per_img=300)
GTS = [([[10., 10., 40., 60.], [80., 64., 112., 92.], [82., 66., 110., 90.]],
        [1, 2, 0]), ([], []), ([[3., 90., 20., 110.]], [2])]
SIZES = [(16, 16), (8, 8), (4, 4)]


def head_of(num_classes=3, **kwargs):
    kwargs.setdefault('batch_scale', 1.)
    return YOLOv5Head(num_classes, [4, 8, 16], test_cfg=TEST_CFG, **kwargs)


def instances(gts=GTS, dtype=torch.float32):
    return [
        InstanceData(
            bboxes=torch.tensor(boxes, dtype=dtype).reshape(-1, 4),
            labels=torch.tensor(labels, dtype=torch.long))
        for boxes, labels in gts
    ]


def maps(head, batch=3, seed=0, dtype=torch.float64):
    torch.manual_seed(seed)
    return [
        (2 * torch.randn(batch, 3 * head.num_attrib, *size, dtype=dtype)
         ).requires_grad_() for size in SIZES
    ]


def loss(head, preds, gts=None, ignored=None):
    gts = instances() if gts is None else gts
    return head.loss_by_feat(preds, gts, [{}] * len(gts), ignored)


def slow_losses(head, preds, box_loss):
    """The sums of the docstring, with loops over the positives."""
    rows = [(i, label, *box) for i, (boxes, labels) in enumerate(GTS)
            for box, label in zip(boxes, labels)]
    totals = dict(loss_cls=0., loss_bbox=0., loss_obj=0.)
    for level, (pred, stride) in enumerate(zip(preds, (8, 16, 32))):
        batch, _, height, width = pred.shape
        pred = pred.view(batch, 3, -1, height, width)
        target = torch.zeros_like(pred[:, :, 4])
        box_terms, cls_terms = [], []
        for img, label, x1, y1, x2, y2 in rows:
            w, h = (x2 - x1) / stride, (y2 - y1) / stride
            cx, cy = (x1 + x2) / 2 / stride, (y1 + y2) / 2 / stride
            for a, anchor in enumerate(head.anchors[level] / stride):
                ratios = (w / anchor[0], h / anchor[1])
                if max(max(r, 1 / r) for r in ratios) >= 4:
                    continue
                for dx, dy, there in (
                        (0, 0, True), (1, 0, cx % 1 < .5 and cx > 1),
                        (0, 1, cy % 1 < .5 and cy > 1),
                        (-1, 0, (width - cx) % 1 < .5 and width - cx > 1),
                        (0, -1, (height - cy) % 1 < .5 and height - cy > 1)):
                    if not there:
                        continue
                    col, row = int(cx - dx / 2), int(cy - dy / 2)
                    t = pred[img, a, :, row, col]
                    unit = 2 * t[:4].sigmoid()
                    found = torch.cat([unit[:2] - .5, unit[2:]**2 * anchor])
                    wanted = torch.tensor([cx - col, cy - row, w, h]).double()
                    value = box_loss(
                        bbox_cxcywh_to_xyxy(found[None]),
                        bbox_cxcywh_to_xyxy(wanted[None]))[0]
                    box_terms.append(value)
                    score = (1 - value).clamp(min=0).detach()
                    target[img, a, row, col] = max(
                        score, target[img, a, row, col])
                    one_hot = F.one_hot(torch.tensor(label), 3).double()
                    cls_terms.append(F.binary_cross_entropy_with_logits(
                        t[5:], one_hot))
        totals['loss_bbox'] += .05 * torch.stack(box_terms).mean()
        totals['loss_cls'] += .5 * 3 / 80 * torch.stack(cls_terms).mean()
        totals['loss_obj'] += (4, 1, .4)[level] * (
            F.binary_cross_entropy_with_logits(pred[:, :, 4], target))
    return totals


@pytest.mark.parametrize('name, function', [
    ('EfficientIoULoss',
     lambda p, t: efficient_iou_loss(p, t, reduction='none')),
    ('CIoULoss', lambda p, t: CIoULoss()(p, t, reduction_override='none'))])
def test_losses_equal_one_positive_at_a_time(name, function):
    head = head_of(loss_bbox=dict(type=name))
    preds = maps(head)
    found = loss(head, preds)
    wanted = slow_losses(head, preds, function)
    for key, value in wanted.items():
        assert found[key].shape == ()
        torch.testing.assert_close(found[key], value, rtol=1e-9, atol=0)
    gradients = torch.autograd.grad(sum(found.values()), preds)
    for mine, theirs in zip(
            gradients, torch.autograd.grad(sum(wanted.values()), preds)):
        torch.testing.assert_close(mine, theirs, rtol=1e-7, atol=1e-12)


def test_single_precision_is_enough():
    head = head_of(loss_bbox=dict(type='EfficientIoULoss'))
    preds = maps(head)
    double = loss(head, preds)
    single = loss(head, [p.float() for p in preds])
    for key, value in double.items():
        assert single[key].item() == pytest.approx(value.item(), rel=1e-5)
    half = loss(head, [p.half() for p in preds])
    assert all(v.dtype == torch.float32 for v in half.values())


def test_order_of_the_ground_truths_does_not_matter():
    head, gts = head_of(), instances()
    preds = maps(head)
    turned = [part[torch.arange(len(part)).flip(0)] for part in gts]
    for key, value in loss(head, preds, gts).items():
        assert loss(head, preds, turned)[key].item() == pytest.approx(
            value.item(), rel=1e-12)


def test_factors():
    preds = maps(head_of())
    base = loss(head_of(), preds)
    large = loss(head_of(img_size=1024, batch_scale=64.), preds)
    assert (large['loss_bbox'] / base['loss_bbox']).item() == pytest.approx(64)
    assert (large['loss_obj'] / base['loss_obj']).item() == pytest.approx(
        64 * 2.56)
    batch = loss(head_of(batch_scale='batch'), preds)
    assert (batch['loss_cls'] / base['loss_cls']).item() == pytest.approx(3)
    weighted = loss(
        head_of(bbox_weight=.1, cls_weight=1., obj_weight=3.,
                loss_bbox=dict(type='CIoULoss', loss_weight=2.)), preds)
    for key, factor in dict(loss_bbox=4, loss_cls=2, loss_obj=3).items():
        assert (weighted[key] / base[key]).item() == pytest.approx(factor)
    fine = YOLOv5Head(
        2, [4, 8], anchor_generator=dict(
            type='YOLOAnchorGenerator', strides=[4, 8],
            base_sizes=[[(5, 5)], [(9, 9)]]))
    assert fine.obj_balance == (4., 1.)
    assert fine.bbox_factor == pytest.approx(.05 * 3 / 2)


def test_plain_iou_as_objectness():
    """A box that covers exactly a quarter of the truth."""
    head = head_of(obj_target='iou', loss_bbox=dict(type='EfficientIoULoss'))
    box, target = (torch.tensor([[.5, .5, 2 * s, 2 * s]]) for s in (1., 2.))
    values, similarity = head._loss_boxes(box, target)
    assert similarity.item() == pytest.approx(.25)
    assert values.item() == pytest.approx(1 - .25 + .25 + .25)
    with pytest.raises(ValueError, match="obj_target='iou'"):
        head_of(loss_bbox=dict(type='IoULoss'))
    head_of(loss_bbox=dict(type='IoULoss', mode='linear'))


def test_ignored_cells():
    """Objectness in an ignored box counts nowhere but at positives."""
    head = head_of(ignore_obj=True)
    gts = instances()
    ignored = instances([([[8., 8., 64., 64.]], [0]), ([], []), ([], [])])
    preds = maps(head)
    full = loss(head, preds, gts, instances([([], [])] * 3))
    for key, value in loss(head_of(), preds, gts).items():
        torch.testing.assert_close(full[key], value)
    losses = loss(head, preds, gts, ignored)
    gradient, = torch.autograd.grad(losses['loss_obj'], preds[0])
    gradient = gradient.view(3, 3, -1, 16, 16)[:, :, 4]
    inside = gradient[0, :, 1:8, 1:8]
    positive = (torch.autograd.grad(losses['loss_bbox'], preds[0])[0].view(
        3, 3, -1, 16, 16)[:, :, 0] != 0)[0, :, 1:8, 1:8]
    assert positive.any() and not positive.all()
    assert torch.equal(inside != 0, positive)
    assert (gradient[1:] != 0).all()
    # The mean is over what is left.
    count = 3 * 3 * 256 - 3 * 49 + positive.sum()
    outside = preds[0].detach().view(3, 3, -1, 16, 16)[1, :, 4].sigmoid()
    torch.testing.assert_close(gradient[1], 4 * outside / count)


@pytest.mark.parametrize('kind', [torch.Tensor, HorizontalBoxes])
def test_batch_without_ground_truth(kind):
    head = head_of()
    gts = instances([([], [])] * 3)
    for part in gts:
        part.bboxes = kind(part.bboxes)
    preds = maps(head, dtype=torch.float32)
    losses = loss(head, preds, gts)
    assert losses['loss_bbox'] == losses['loss_cls'] == 0
    sum(losses.values()).backward()
    assert all(p.grad.isfinite().all() and p.grad.any() for p in preds)


def test_single_class():
    head = head_of(num_classes=1)
    losses = loss(head, maps(head), instances([([[0., 0., 20., 20.]], [0])] *
                                              3))
    assert losses['loss_cls'] == 0 and losses['loss_bbox'] > 0


def test_biases_expect_few_objects():
    head = head_of(num_classes=3)
    for _ in range(2):
        torch.manual_seed(0)
        head.init_weights()
        for i, (conv, stride) in enumerate(zip(head.convs_pred, (8, 16, 32))):
            bias = conv.bias.detach().view(3, 8)
            limit = (4, 8, 16)[i]**-.5
            prior = torch.zeros(8)
            prior[4] = math.log(8 / (640 / stride)**2)
            prior[5:] = math.log(.6 / (3 - .999999))
            assert (bias - prior).abs().max() <= limit


def logits_of(head, level, img, anchor, row, col, scores, batch=1,
              objectness=20.):
    """Maps in which one place alone says something."""
    preds = [torch.full((batch, 3 * head.num_attrib, *size), -20.)
             for size in SIZES]
    view = preds[level].view(batch, 3, head.num_attrib, *SIZES[level])
    view[:, :, :4] = 0
    view[img, anchor, 4, row, col] = objectness
    view[img, anchor, 5:, row, col] = torch.tensor(scores).logit()
    return preds


def predict(head, preds, **kwargs):
    metas = [dict(img_shape=(128, 128), ori_shape=(64, 60),
                  scale_factor=(2., 2.))] * len(preds[0])
    return head.predict_by_feat(preds, metas, **kwargs)


def test_prediction_by_hand():
    head = head_of()
    preds = logits_of(head, 1, 0, 2, 3, 4, [.9, .0005, .3],
                      objectness=math.log(4))
    found, = predict(head, preds)
    # Cell (3, 4) of stride 16, anchor 59 x 119, multi-label, times 0.8.
    box = [72 - 29.5, 56 - 59.5, 72 + 29.5, 56 + 59.5]
    assert found.labels.tolist() == [0, 2]
    assert found.scores.tolist() == pytest.approx([.72, .24])
    assert found.bboxes.tolist() == [pytest.approx(box)] * 2
    rescaled, = predict(head, preds, rescale=True)
    assert rescaled.bboxes[0].tolist() == pytest.approx(
        [box[0] / 2, 0, box[2] / 2, box[3] / 2])


def test_rescaled_boxes_end_with_the_image():
    head = head_of()
    found, = predict(
        head, logits_of(head, 2, 0, 2, 2, 2, [.9, .1, .1]), rescale=True)
    assert found.bboxes[0].tolist() == [0, 0, 60, 64]


def test_duplicates_go_by_class():
    head = head_of()
    preds = logits_of(head, 0, 0, 0, 5, 5, [.9, .8, .0001])
    for extra, score in ((1, .7), ):
        other = logits_of(head, 0, 0, extra, 5, 5, [score, .0001, .0001])
        # The same box from another anchor.
        view = other[0].view(1, 3, 8, 16, 16)
        view[0, extra, 2:4, 5, 5] = (
            (head.anchors[0, 0] / head.anchors[0, extra]).sqrt() / 2).logit()
        preds = [torch.maximum(a, b) for a, b in zip(preds, other)]
        view = preds[0].view(1, 3, 8, 16, 16)
        view[0, extra, 2:4, 5, 5] = other[0].view(1, 3, 8, 16, 16)[
            0, extra, 2:4, 5, 5]
    kept, = predict(head, preds)
    raw, = predict(head, preds, with_nms=False)
    assert raw.scores.tolist() == pytest.approx([.9, .8, .7])
    assert kept.scores.tolist() == pytest.approx([.9, .8])


def test_boxes_outside_do_not_meet_those_of_another_class():
    """Offsets between classes only work for positive coordinates."""
    head = head_of()
    preds = logits_of(head, 2, 0, 2, 0, 0, [.0001, .9, .0001])
    other = logits_of(head, 2, 0, 2, 3, 3, [.8, .0001, .0001])
    found, = predict(head, [torch.maximum(a, b)
                            for a, b in zip(preds, other)])
    assert found.bboxes.min() < -170 and len(found) == 2


def test_predictions_do_not_depend_on_the_batch():
    head = head_of()
    preds = [p.detach().float() - 1 for p in maps(head)]
    together = predict(head, preds)
    for i, found in enumerate(together):
        alone, = predict(head, [p[i:i + 1] for p in preds])
        assert len(found) == 300
        assert torch.equal(found.bboxes, alone.bboxes)
        assert torch.equal(found.scores, alone.scores)


def test_double_precision_is_suppressed_as_single():
    """mmcv's suppression takes single precision alone."""
    head = head_of()
    preds = [p.detach() - 1 for p in maps(head)]
    assert preds[0].dtype == torch.float64
    single = predict(head, [p.float() for p in preds])
    for found, wanted in zip(predict(head, preds), single):
        assert found.bboxes.dtype == found.scores.dtype == torch.float32
        torch.testing.assert_close(found.scores, wanted.scores)
        torch.testing.assert_close(found.bboxes, wanted.bboxes)


def test_prediction_needs_a_test_cfg():
    head = MODELS.build(
        dict(type='YOLOv5Head', num_classes=3, in_channels=[4, 8, 16]))
    preds = [torch.zeros(1, 24, *size) for size in SIZES]
    with pytest.raises(ValueError, match='YOLOv5Head.*test_cfg.*score_thr'):
        predict(head, preds)
    found, = predict(head, preds, cfg=head_of().test_cfg)
    assert len(found)


def test_nothing_found():
    head = head_of()
    preds = [torch.full((2, 24, *size), -20.) for size in SIZES]
    for kwargs in ({}, dict(rescale=True), dict(with_nms=False)):
        for found in predict(head, preds, **kwargs):
            assert found.bboxes.shape == (0, 4) and len(found.scores) == 0


@pytest.mark.parametrize('wrong, message', [
    (dict(in_channels=[4, 8]), '3 levels .*3 strides and 2 maps'),
    (dict(anchor_generator=dict(
        type='YOLOAnchorGenerator', strides=[8, 16, 32],
        base_sizes=[[(1, 1)], [(1, 1)] * 2, [(1, 1)]])),
     r'same number of anchors, got \[1, 2, 1\]'),
    (dict(obj_balance=[1., 2.]), '2 numbers for 3 levels'),
    (dict(img_size=0), 'img_size must be positive'),
    (dict(obj_target='giou'), "obj_target must be one of .*'giou'"),
    (dict(batch_scale='sum'), "'batch' or a positive number, got 'sum'"),
    (dict(batch_scale=0), 'batch_scale'),
])
def test_illegal_arguments(wrong, message):
    cfg = dict(type='YOLOv5Head', num_classes=3, in_channels=[4, 8, 16])
    with pytest.raises(ValueError, match=message):
        MODELS.build({**cfg, **wrong})


def test_wrong_number_of_maps():
    with pytest.raises(ValueError, match='built for 3 maps, got 1'):
        head_of()([torch.zeros(1, 4, 8, 8)])
