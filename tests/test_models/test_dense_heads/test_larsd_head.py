import math

import pytest
import torch
from mmengine.structures import InstanceData
from mmrotate.structures.bbox import RotatedBoxes
from torch import nn

from mmextra.models.dense_heads import LARSDHead
from mmextra.models.losses import unitbox_iou_loss
from mmextra.models.task_modules import lasa_points, lasa_scores
from mmextra.models.task_modules.coders import (
    described_distance,
    norm_angle_45,
    rbox2distance,
)
from tests.helpers import worked_case
from tests.larsd_helpers import (
    LASA,
    features,
    make_head,
    predictions_of,
    targets,
)


def test_parameters_and_shapes_by_hand():
    case = worked_case('larsd', 'param_counts')
    head = LARSDHead(1, 128, anchor_generator=dict(
        type='RotatedShapePriorGenerator', strides=[4, 8, 16],
        anchors=[[(8, 8)] * 5] * 3))
    assert sum(p.numel() for p in head.parameters()) == \
        case['expected']['head']
    cls_scores, bbox_preds = head(
        [torch.zeros(2, 128, s, s) for s in (128, 64, 32)])
    assert [list(s.shape) for s in cls_scores] == \
        case['expected']['cls_shapes']
    assert [list(s.shape) for s in bbox_preds] == \
        case['expected']['reg_shapes']


def test_untrained_head_predicts_its_priors():
    head = make_head()
    cls_scores, bbox_preds = head([x * 0 for x in features(1)])
    assert torch.allclose(
        cls_scores[0].sigmoid(), torch.tensor(0.01), atol=1e-6)
    priors = head.prior_generator.grid_priors([(32, 32)] * 3, device='cpu')
    raw = bbox_preds[0].permute(0, 2, 3, 1).reshape(-1, 5)
    assert torch.allclose(
        head.bbox_coder.decode(priors[0], raw).tensor, priors[0], atol=1e-4)


@pytest.mark.parametrize('counts', [(4, 0), (0, 0), (7, 3)])
def test_loss_reaches_every_parameter(counts):
    head = make_head(num_classes=3)
    losses = head.loss_by_feat(*head(features()), targets(counts, 3), [])
    assert set(losses) == {'loss_cls', 'loss_dist', 'loss_angle'}
    sum(losses.values()).backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
    assert losses['loss_cls'] > 0
    assert (losses['loss_dist'] > 0) == (sum(counts) > 0)


def test_loss_equals_the_sum_written_out():
    head = make_head(num_classes=2)
    gts = targets((5, 6), 2)
    cls_scores, bbox_preds = head(features())
    losses = head.loss_by_feat(cls_scores, bbox_preds, gts, [])
    sizes = [s.shape[-2:] for s in cls_scores]
    mlvl_priors = head.prior_generator.grid_priors(sizes, device='cpu')
    assigned = head.get_assigned(mlvl_priors, gts, None)
    priors = torch.cat(mlvl_priors)
    count, loss_cls, loss_dist, loss_angle = 0, 0., 0., 0.
    for image in range(2):
        offset = 0
        for level in range(3):
            height, width = sizes[level]
            for k in range(2):
                index = (torch.arange(height * width) * 2 + k + offset)
                gt = assigned[image, index]
                scores = cls_scores[level][image, 2 * k:2 * k + 2]
                p = scores.sigmoid().flatten(1).t()
                hit = torch.zeros_like(p)
                hit[gt >= 0, gts[image].labels[gt[gt >= 0]]] = 1
                focal = -(0.25 * hit * (1 - p)**2 * p.log() + 0.75 *
                          (1 - hit) * p**2 * (1 - p).log())
                loss_cls += focal[gt != -2].sum()
                raw = bbox_preds[level][image, 5 * k:5 * k + 5]
                raw = raw.flatten(1).t()[gt >= 0]
                prior = priors[index][gt >= 0]
                boxes = gts[image].bboxes.tensor[gt[gt >= 0]]
                want, want_angle = rbox2distance(prior[:, :2], boxes)
                outside = (want <= 0).any(-1)
                want[outside] = want[outside].clamp(min=1)
                shape = torch.stack([prior[:, 3], prior[:, 2]] * 2, -1)
                loss_dist += unitbox_iou_loss(
                    raw[:, :4].exp() * shape, want, reduction='sum')
                angle = (raw[:, 4].sigmoid() * 2 - 1) * math.pi / 4
                loss_angle += 10 * (1 - (angle - want_angle).cos()).sum()
                count += int((gt >= 0).sum())
            offset += height * width * 2
    assert count > 50
    for name, value in (('cls', loss_cls), ('dist', loss_dist),
                        ('angle', loss_angle)):
        assert losses[f'loss_{name}'].item() == pytest.approx(
            float(value) / count, rel=1e-4), name


def test_batch_order_does_not_matter():
    head = make_head()
    gts, x = targets((5, 9)), features()
    one = head.loss_by_feat(*head(x), gts, [])
    two = head.loss_by_feat(*head([f.flip(0) for f in x]), gts[::-1], [])
    for name in one:
        assert one[name].item() == pytest.approx(two[name].item(), rel=1e-5)


def test_ignored_boxes_lower_the_score_loss_only():
    head = make_head()
    gts, outs = targets((2, )), head(features(1))
    ignored = [InstanceData(
        bboxes=RotatedBoxes(torch.tensor([[64., 64., 128., 128., 0.]])))]
    plain = head.loss_by_feat(*outs, gts, [])
    hidden = head.loss_by_feat(*outs, gts, [], ignored)
    assert hidden['loss_cls'] < plain['loss_cls']
    assert hidden['loss_dist'] == plain['loss_dist']


@pytest.mark.parametrize('balance', ['none', 'per_gt'])
def test_loss_of_boxes_in_place_of_distances(balance):
    """mmrotate's KLD of what the coder decodes, one positive at a time."""
    kld = dict(type='mmrotate.GDLoss', loss_type='kld', fun='log1p', tau=1,
               sqrt=False, loss_weight=5.)
    head = make_head(reg_decoded_bbox=True, loss_bbox=kld,
                     pos_balance=balance)
    gts, outs = targets((4, )), head(features(1))
    losses = head.loss_by_feat(*outs, gts, [{}])
    mlvl_priors = head.prior_generator.grid_priors(
        [each.shape[-2:] for each in outs[0]], device='cpu')
    assigned = head.get_assigned(mlvl_priors, gts, None)[0]
    index = (assigned >= 0).nonzero()[:, 0]
    raw = torch.cat([each[0].permute(1, 2, 0).reshape(-1, 5)
                     for each in outs[1]])[index]
    found = head.bbox_coder.decode(
        torch.cat(mlvl_priors)[index], raw).tensor
    boxes = gts[0].bboxes.tensor
    each = torch.stack([
        head.loss_bbox(mine[None], boxes[gt][None])
        for mine, gt in zip(found, assigned[index])])
    if balance == 'per_gt':
        wanted = torch.stack([each[assigned[index] == gt].mean()
                              for gt in assigned[index].unique()]).mean()
    else:
        wanted = each.mean()
    torch.testing.assert_close(losses['loss_dist'], wanted)
    grad, = torch.autograd.grad(losses['loss_dist'], head.conv_reg.bias)
    assert (grad.abs().view(-1, 5).sum(0) > 0).all()
    nothing = head.loss_by_feat(*outs, targets([0]), [{}])
    assert nothing['loss_dist'] == 0


def test_balanced_scores_weigh_boxes_alike():
    """Against the focal loss written out, one box after the other."""
    torch.manual_seed(0)
    heads = {balance: make_head(pos_balance=balance)
             for balance in ('none', 'per_gt', 'per_gt_all')}
    # Untrained, all scores are alike, and so any mean of them.
    nn.init.normal_(heads['none'].conv_cls.weight, std=200)
    for head in heads.values():
        head.load_state_dict(heads['none'].state_dict())
    outs, gts = heads['none'](features(1)), targets([4])
    sizes = [each.shape[-2:] for each in outs[0]]
    assigned = heads['none'].get_assigned(
        heads['none'].prior_generator.grid_priors(sizes, device='cpu'), gts,
        None)[0]
    chance = torch.cat([each[0].permute(1, 2, 0).flatten()
                        for each in outs[0]]).sigmoid()
    background = -.75 * chance ** 2 * (1 - chance).log()
    found = -.25 * (1 - chance) ** 2 * chance.log()
    total, boxes = (assigned >= 0).sum(), assigned[assigned >= 0].unique()
    share = sum(found[assigned == box].mean() for box in boxes) / len(boxes)
    wanted = background[assigned == -1].sum() / total + share
    losses = {balance: head.loss_by_feat(*outs, gts, [{}])['loss_cls']
              for balance, head in heads.items()}
    torch.testing.assert_close(losses['per_gt_all'], wanted)
    assert losses['per_gt'] == losses['none']
    assert abs(losses['none'] / losses['per_gt_all'] - 1) > 1e-3
    nothing = heads['per_gt_all'].loss_by_feat(*outs, targets([0]), [{}])
    assert nothing['loss_cls'].isfinite()


@pytest.mark.parametrize('num_classes', [1, 3])
@pytest.mark.parametrize('lasa', [None, LASA])
@pytest.mark.parametrize('scale', [1.0, 0.5])
def test_perfect_outputs_give_the_boxes_back(num_classes, lasa, scale):
    head = make_head(num_classes, lasa)
    boxes = torch.tensor([[30., 30., 38., 10., 0.3], [90., 40., 10., 45., 0.5],
                          [60., 95., 70., 22., -0.4]])
    gts = InstanceData(
        bboxes=RotatedBoxes(boxes), labels=torch.arange(3) % num_classes)
    result, = head.predict_by_feat(
        *predictions_of(head, gts),
        batch_img_metas=[dict(img_shape=(128, 128),
                              scale_factor=(scale, scale))],
        rescale=True)
    assert len(result) == 3
    order = result.bboxes.tensor[:, 0].argsort()[[0, 2, 1]]
    found = norm_angle_45(result.bboxes.tensor[order])
    wanted = norm_angle_45(boxes)
    wanted[:, :4] /= scale
    assert torch.allclose(found, wanted, atol=0.5)
    assert torch.equal(result.labels[order], gts.labels)
    assert (result.scores > (0.5 if lasa else 0.99)).all()


def test_classes_do_not_suppress_each_other_beyond_the_border():
    head = make_head(num_classes=2)
    results = InstanceData(
        bboxes=RotatedBoxes(torch.tensor([[100., 50., 40., 40., 0.],
                                          [-41., -91., 40., 40., 0.]])),
        scores=torch.tensor([.9, .8]), labels=torch.tensor([0, 1]))
    kept = head._bbox_post_process(
        results, head.test_cfg, img_meta={})
    assert len(kept) == 2
    assert torch.allclose(kept.bboxes.tensor[1, :2],
                          torch.tensor([-41., -91.]), atol=1e-4)


def test_nothing_found_is_no_error():
    head = make_head(lasa=LASA)
    result, = head.predict_by_feat(
        *head([x * 0 for x in features(1)]),
        batch_img_metas=[dict(img_shape=(128, 128), scale_factor=(1., 1.))],
        rescale=True)
    assert len(result) == 0
    assert result.bboxes.tensor.shape == (0, 5)


def test_autocast_stays_in_float32_where_it_matters():
    head = make_head(lasa=LASA)
    head.conv_cls.bias.data.fill_(2.)
    with torch.autocast('cpu', torch.bfloat16):
        outs = head(features())
        losses = head.loss_by_feat(*outs, targets((4, 2)), [])
        results = head.predict_by_feat(
            *outs, batch_img_metas=[dict(img_shape=(128, 128))] * 2)
    assert all(torch.isfinite(v) for v in losses.values())
    assert results[0].scores.dtype == torch.float32
    assert results[0].bboxes.tensor.dtype == torch.float32


def test_anchor_free_mode():
    head = make_head(anchors=None, assigner=dict(
        type='SameCenterAssigner', match_shape=False,
        area_ranges=[300, 1200]))
    losses = head.loss_by_feat(*head(features()), targets((4, 3)), [])
    assert all(v > 0 for v in losses.values())
    assert head.conv_reg.out_channels == 5


@pytest.mark.parametrize('anchors, text', [
    ([[(8, 8)], [(8, 8), (9, 9)], [(8, 8)]], r'\[1, 2, 1\]'),
    ([[(8, 8)], [(8, 8)]], 'strides names 3'),
    ([[(8, -8)]] * 3, 'positive'), ([[]] * 3, 'same number')])
def test_bad_anchors_are_named(anchors, text):
    with pytest.raises(ValueError, match=text):
        make_head(anchors=anchors)


def test_unknown_balance_is_named():
    with pytest.raises(ValueError, match='per_box'):
        make_head(pos_balance='per_box')


def test_lasa_reads_the_channel_and_place_of_each_box():
    """Random maps: every other level, prior or class would be noticed."""
    head = make_head(num_classes=3, lasa=dict(LASA, min_score=0.))
    torch.manual_seed(3)
    cls_scores = [torch.randn(1, 2 * 3, s, s) - 4.5 for s in (32, 16, 8)]
    bbox_preds = [torch.randn(1, 2 * 5, s, s) * 0.1 for s in (32, 16, 8)]
    result, = head.predict_by_feat(
        cls_scores, bbox_preds, with_nms=False,
        batch_img_metas=[dict(img_shape=(128, 128))])
    expected = {}
    for level, stride in enumerate((4, 8, 16)):
        shapes = head.prior_generator.shapes[level]
        for place in (cls_scores[level][0].sigmoid() > 0.05).nonzero():
            channel, row, column = place.tolist()
            prior, label = divmod(channel, 3)
            raw = bbox_preds[level][0, 5 * prior:5 * prior + 5, row, column]
            where = torch.tensor([[(column + 0.5) * stride,
                                   (row + 0.5) * stride,
                                   *shapes[prior].tolist(), 0.]])
            box = head.bbox_coder.decode(where, raw[None]).tensor
            score = lasa_scores(
                [cls_scores[level][0].sigmoid()], box, torch.tensor([0]),
                torch.tensor([channel]), [(stride, stride)], 0.5,
                lasa_points('diamond9'))
            expected[label, round(box[0, 0].item(), 2),
                     round(box[0, 1].item(), 2)] = score.item()
    assert len(result) == len(expected) > 300
    for box, label, score in zip(result.bboxes.tensor, result.labels,
                                 result.scores):
        key = (int(label), round(box[0].item(), 2), round(box[1].item(), 2))
        assert score.item() == pytest.approx(expected[key], abs=1e-5)


@pytest.mark.parametrize('columns, kind', [(4, 'horizontal'),
                                           (8, 'quadrilateral')])
def test_boxes_of_other_kinds_are_named(columns, kind):
    head = make_head()
    gts = targets([2, 1])
    gts[1].bboxes = torch.rand(1, columns) * 50
    with pytest.raises(ValueError, match=f'{kind} ones.*ConvertBoxType'):
        head.loss_by_feat(*head(features()), gts, [{}, {}])
    # Ignored ones too.
    ignored = [InstanceData(bboxes=torch.rand(2, columns) * 50)] * 2
    with pytest.raises(ValueError, match=f'{kind} ones.*ConvertBoxType'):
        head.loss_by_feat(*head(features()), targets([2, 1]), [{}, {}],
                          ignored)


@pytest.mark.parametrize('loss', ['SmoothL1Loss', 'L1Loss', 'MSELoss',
                                  'UnitBoxIoULoss'])
def test_balance_with_losses_of_any_shape(loss):
    heads = [make_head(pos_balance=balance, loss_bbox=dict(type=(
        loss if loss[0] == 'U' else f'mmdet.{loss}')))
        for balance in ('none', 'per_gt')]
    heads[1].load_state_dict(heads[0].state_dict())
    # One box: all its positives weigh alike.
    alone = [head.loss_by_feat(*head(features(1)), targets([1]), [{}])
             for head in heads]
    assert torch.allclose(alone[0]['loss_dist'], alone[1]['loss_dist'])
    several = [head.loss_by_feat(*head(features(1)), targets([4]), [{}])
               for head in heads]
    assert not torch.allclose(
        several[0]['loss_dist'], several[1]['loss_dist'])


def test_losses_without_weights_are_named():
    with pytest.raises(ValueError, match='GDLoss.*reg_decoded_bbox=True'):
        make_head(pos_balance='per_gt',
                  loss_bbox=dict(type='mmrotate.GDLoss', loss_type='kld'))
    with pytest.raises(ValueError, match='per_gt.*loss_bbox .DiceLoss'):
        make_head(pos_balance='per_gt',
                  loss_bbox=dict(type='mmdet.DiceLoss', use_sigmoid=False))


def positives_at(head, angle):
    """What is learnt of one box at an angle: (prior, 5) of targets."""
    boxes = torch.tensor([[60., 60., 42., 11., angle]])
    gts = InstanceData(
        bboxes=RotatedBoxes(boxes), labels=torch.zeros(1, dtype=torch.long))
    mlvl = head.prior_generator.grid_priors(
        [(32, 32), (16, 16), (8, 8)], device='cpu')
    assigned = head.get_assigned(mlvl, [gts], None)[0]
    described, owner = head.describe([gts])[0]
    assert (owner == 0).all()
    priors = torch.cat(mlvl)
    out = {}
    for prior in (assigned >= 0).nonzero().flatten().tolist():
        target, turn = described_distance(
            priors[prior, :2], described[assigned[prior]])
        out[prior] = torch.cat([target, torch.rad2deg(turn)[None]])
    return out, assigned


def test_targets_are_continuous_across_45_degrees_with_an_overlap():
    """A turn by 0.2 degrees across the limit exchanges every target of the
    paper's code, and none with both descriptions."""
    below, above = (math.radians(45 + d) for d in (-0.1, 0.1))
    paper = make_head()
    one, two = (positives_at(paper, angle)[0] for angle in (below, above))
    assert one and two and not set(one) & set(two)

    head = make_head(bbox_coder=dict(type='RotatedDistanceCoder', overlap=10))
    one, two = (positives_at(head, angle)[0] for angle in (below, above))
    shared = set(one) & set(two)
    # Locations on the very edge of the box may change.
    assert len(shared) > 0.9 * max(len(one), len(two))
    for prior in shared:
        assert torch.allclose(one[prior], two[prior], atol=0.3), prior
    shapes = torch.cat(head.prior_generator.grid_priors(
        [(32, 32), (16, 16), (8, 8)], device='cpu'))[sorted(shared), 2:4]
    # Either orientation has its description.
    assert (shapes[:, 0] > shapes[:, 1]).any()
    assert (shapes[:, 0] < shapes[:, 1]).any()
    # Far from the limit nothing changes.
    assert torch.equal(positives_at(head, 0.2)[1],
                       positives_at(paper, 0.2)[1])


def test_perfect_outputs_of_both_descriptions_are_one_box():
    head = make_head(
        bbox_coder=dict(type='RotatedDistanceCoder', overlap=10),
        pos_balance='per_gt')
    boxes = torch.tensor([[60., 60., 42., 11., math.radians(44)]])
    gts = InstanceData(
        bboxes=RotatedBoxes(boxes), labels=torch.zeros(1, dtype=torch.long))
    mlvl = head.prior_generator.grid_priors(
        [(32, 32), (16, 16), (8, 8)], device='cpu')
    assigned = head.get_assigned(mlvl, [gts], None)[0]
    described, _ = head.describe([gts])[0]
    positive = (assigned >= 0).nonzero().flatten()
    assert set(assigned[positive].tolist()) == {0, 1}
    raw = torch.zeros(len(assigned), 5)
    target, angle = described_distance(
        torch.cat(mlvl)[positive, :2], described[assigned[positive]])
    priors = torch.cat(mlvl)[positive]
    raw[positive, :4] = (target / priors[:, [3, 2, 3, 2]]).log()
    raw[positive, 4] = ((angle / math.radians(55) + 1) / 2).logit()
    logits = torch.full((len(assigned), 1), -8.)
    logits[positive] = 8.
    outs, first = ([], []), 0
    for size in (32, 16, 8):
        last = first + size * size * head.num_base_priors
        for out, values in zip(outs, (logits, raw)):
            out.append(values[first:last].view(size, size, -1).permute(
                2, 0, 1)[None])
        first = last
    losses = head.loss_by_feat(*outs, [gts], [{}])
    assert losses['loss_dist'] < 1e-4 and losses['loss_angle'] < 1e-5
    result, = head.predict_by_feat(
        *outs, batch_img_metas=[dict(img_shape=(128, 128))])
    assert len(result) == 1
    assert torch.allclose(norm_angle_45(result.bboxes.tensor),
                          norm_angle_45(boxes), atol=0.05)


@pytest.mark.parametrize('rescale', [False, True])
@pytest.mark.parametrize('meta', [
    # Of the batch, and of Pad in the pipeline, which changes img_shape.
    dict(img_shape=(64, 96), scale_factor=(2., 2.)),
    dict(img_shape=(128, 128), ori_shape=(32, 48), scale_factor=(2., 2.)),
    dict(img_shape=(128, 96), ori_shape=(16, 48), scale_factor=(2., 4.)),
    # Padded before it was moved, the content may lie anywhere.
    dict(img_shape=(64, 96), ori_shape=(16, 24), scale_factor=(2., 2.),
         flip=True),
    dict(img_shape=(64, 96), ori_shape=(16, 24), scale_factor=(2., 2.),
         quarter_turns=2)])
def test_boxes_centred_in_the_padding_are_dropped(rescale, meta):
    head = make_head()
    results = InstanceData(
        bboxes=RotatedBoxes(torch.tensor([
            [10., 10., 20., 6., 0.3], [96., 60., 20., 6., 0.3],
            [97., 20., 20., 6., 0.3], [50., 66., 20., 6., 0.3],
            [-1., 40., 20., 6., 0.3]])),
        scores=torch.tensor([.5, .6, .9, .9, .9]),
        labels=torch.zeros(5, dtype=torch.long))
    # An image of 96 x 64 (width, height), padded to 128 x 128.
    found = head._bbox_post_process(
        results, head.test_cfg, rescale=rescale, img_meta=meta)
    assert torch.allclose(found.scores, torch.tensor([.6, .5]))
    assert found.bboxes.tensor[0, 0] == (48 if rescale else 96)
