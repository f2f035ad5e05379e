import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from mmextra.models.layers import SupportFeatures, map_to_nodes

CFG = dict(
    type='LCRPNHead', in_channels=8, feat_channels=8,
    gcn=dict(gcn_channels=(4, 8), temperature=0.3),
    anchor_generator=dict(type='AnchorGenerator', scales=[2], ratios=[1., 2.],
                          strides=[8]),
    loss_bbox=dict(type='L1Loss'),
    train_cfg=ConfigDict(
        assigner=dict(type='MaxIoUAssigner', pos_iou_thr=.7, neg_iou_thr=.3,
                      min_pos_iou=.3, match_low_quality=True,
                      ignore_iof_thr=-1),
        sampler=dict(type='RandomSampler', num=64, pos_fraction=.5,
                     neg_pos_ub=-1, add_gt_as_proposals=False),
        allowed_border=-1, pos_weight=-1),
    test_cfg=ConfigDict(nms_pre=50, max_per_img=10, min_bbox_size=0,
                        nms=dict(type='nms', iou_threshold=.7)))


def build(**kwargs):
    torch.manual_seed(0)
    head = MODELS.build({**CFG, **kwargs})
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=.5)
    return head


def supports(number=2, seed=1, size=3):
    rng = torch.Generator().manual_seed(seed)
    maps = torch.rand(number, 8, size, size, generator=rng)
    return SupportFeatures(maps, maps)


def sample(height, width, *boxes):
    data = DetDataSample(metainfo=dict(
        img_shape=(height, width), pad_shape=(48, 64), ori_shape=(96, 128),
        batch_input_shape=(48, 64), scale_factor=(.5, .5)))
    data.gt_instances = InstanceData(
        bboxes=torch.tensor(boxes).reshape(-1, 4),
        labels=torch.zeros(len(boxes), dtype=torch.long))
    data.ignored_instances = InstanceData(
        bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.long))
    return data


VARIANTS = [dict(), dict(decouple=False), dict(cls_conv=True),
            dict(correspondence='global_kernel'),
            dict(correspondence='global_kernel', decouple=False),
            dict(max_nodes=3), dict(feat_channels=6),
            dict(reg_weights='gate')]


@pytest.mark.parametrize('kwargs', VARIANTS)
def test_pairs_are_independent_of_batch_order_and_padding(kwargs):
    """An image alone, without padding, gives what it gives in a batch."""
    head = build(**kwargs).eval()
    x = torch.rand(2, 8, 6, 8)
    x[1, :, 4:] = 0
    x[1, :, :, 5:] = 0
    shapes = [(48, 64), (25, 37)]  # 4 x 5 cells, the last ones not full
    both = supports(4)
    with torch.no_grad():
        scores, deltas = head([x], both, [1, 0, 1, 0], shapes)
        alone = SupportFeatures(both.maps[2:3], both.rois[2:3])
        score, delta = head([x[1:, :, :4, :5]], alone, [0], [(25, 37)])
    # The 3 x 3 convolution sees no difference: the padding is zero.
    torch.testing.assert_close(scores[0][2, :, :4, :5], score[0][0])
    torch.testing.assert_close(deltas[0][2, :, :4, :5], delta[0][0])
    assert scores[0].shape == (4, 2, 6, 8)
    assert deltas[0].shape == (4, 8, 6, 8)


@pytest.mark.parametrize('kind', ['mean', 'gate'])
def test_scores_are_of_the_local_correspondence(kind):
    head = build(reg_weights=kind).eval()
    x, own = torch.rand(1, 8, 3, 4), supports(1)
    local = head.gcn(map_to_nodes(x[0]), [map_to_nodes(own.maps[0])])[0]
    plane = local.t().reshape(1, 8, 3, 4)
    scores, deltas = head([x], own, [0], [(24, 32)])
    torch.testing.assert_close(scores[0], head.rpn_cls(plane))
    means = own.maps.mean((2, 3))[:, :, None, None]
    weighted = x * (means if kind == 'mean' else 2 / (1 + (-means).exp()))
    torch.testing.assert_close(
        deltas[0], head.rpn_reg(head.rpn_conv(weighted).relu()))


def test_cells_of_the_padding_are_no_nodes():
    head = build().eval()
    x, own = torch.rand(1, 8, 6, 8), supports(1)
    with torch.no_grad():
        first = head([x], own, [0], [(24, 40)])[0][0]
        x[:, :, 3:] = 9.
        x[:, :, :, 5:] = 9.
        second = head([x], own, [0], [(24, 40)])[0][0]
    torch.testing.assert_close(first[..., :3, :5], second[..., :3, :5])
    # L is 0 there, which leaves the bias.
    torch.testing.assert_close(
        first[0, :, 3:], head.rpn_cls.bias[:, None, None].expand(2, 3, 8))


def test_coupled_global_kernel_is_the_stock_head_on_weighted_features():
    head = build(correspondence='global_kernel', decouple=False).eval()
    stock = MODELS.build({
        key: value for key, value in {**CFG, 'type': 'RPNHead'}.items()
        if key != 'gcn'})
    stock.load_state_dict(head.state_dict())
    x, own = torch.rand(1, 8, 3, 4), supports(1)
    want = stock([x * own.maps.mean((2, 3))[:, :, None, None]])
    torch.testing.assert_close(head([x], own, [0], [(24, 32)]), (
        list(want[0]), list(want[1])))


@pytest.mark.parametrize('kwargs', VARIANTS)
def test_gradients_reach_everything(kwargs):
    head = build(**kwargs)
    head.train()
    x = torch.rand(2, 8, 6, 8, requires_grad=True)
    own = supports(4)
    own.maps.requires_grad_()
    samples = [sample(48, 64, [8., 8, 40, 40]), sample(25, 37, [4., 4, 20,
                                                               20])]
    losses, proposals = head.loss_and_predict(
        [x], [samples[i] for i in (0, 0, 1, 1)], supports=own,
        images=[0, 0, 1, 1],
        negative=[False, True, False, True])
    assert len(proposals) == 4
    sum(sum(loss) for loss in losses.values()).backward()
    unused = {'gcn.theta1', 'gcn.theta2'} if 'max_nodes' in kwargs else set()
    assert {name for name, p in head.named_parameters()
            if p.grad is None} == unused
    assert x.grad.abs().sum() > 0 and own.maps.grad.abs().sum() > 0


def test_negative_pair_has_no_foreground():
    head = build()
    data = sample(48, 64, [8., 8, 26, 26])
    anchors = head.prior_generator.grid_priors(
        [(6, 8)], device='cpu')[0]
    valid = torch.ones(len(anchors), dtype=torch.bool)

    def targets(negative):
        torch.manual_seed(3)
        meta = dict(data.metainfo, negative_pair=negative)
        return head._get_targets_single(anchors, valid, data.gt_instances,
                                        meta)

    positive, negative = targets(False), targets(True)
    assert (positive[0] == 0).any() and positive[3].sum() > 0
    assert (negative[0] == 1).all() and negative[3].sum() == 0
    # The same anchors count.
    assert (negative[1] == positive[1]).all()


def test_predictions_are_per_pair():
    head = build().eval()
    samples = [sample(48, 64), sample(25, 37)]
    with torch.no_grad():
        found = head.predict([torch.rand(2, 8, 6, 8)], samples,
                             supports=supports(3), images=[0, 1, 1])
    assert len(found) == 3 and all(0 < len(one) <= 10 for one in found)
    assert found[1].bboxes[:, 2].max() <= 37
    assert found[1].bboxes[:, 3].max() <= 25


@pytest.mark.parametrize('kwargs, text', [
    (dict(correspondence='cnn'), 'global_kernel'),
    (dict(support_feat='box'), 'roi'), (dict(shot_fusion='max'), 'concat'),
    (dict(gcn=dict(gcn_channels=(4, 4))), 'in_channels')])
def test_illegal_arguments(kwargs, text):
    with pytest.raises(ValueError, match=text):
        build(**kwargs)
