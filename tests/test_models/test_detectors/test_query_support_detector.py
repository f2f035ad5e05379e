"""Detectors of the shipped configs, shrunk, on random pictures."""
from pathlib import Path

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmextra.models.detectors.query_support_pairs import arrange_pairs
from tests.helpers import backward

CONFIGS = Path(__file__).parents[3] / 'configs'


def tiny(**model):
    cfg = Config.fromfile(CONFIGS / 'gcn_fsod' / 'synthetic.py')
    init_default_scope('mmdet')
    cfg.merge_from_dict(dict(model=dict(
        num_support_shots=2, backbone=dict(base_channels=8),
        rpn_head=dict(in_channels=32, feat_channels=32,
                      gcn=dict(gcn_channels=(16, 32))),
        roi_head=dict(bbox_roi_extractor=dict(out_channels=32),
                      bbox_head=dict(in_channels=32)))))
    cfg.merge_from_dict(dict(model=model))
    torch.manual_seed(0)
    built = MODELS.build(cfg.model)
    built.init_weights()
    return built


def sample(size, *boxes, label=0, img_id=0):
    data = DetDataSample(metainfo=dict(
        img_shape=(size, size), ori_shape=(size, size), img_id=img_id,
        scale_factor=(1., 1.)))
    data.gt_instances = InstanceData(
        bboxes=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        labels=torch.full((len(boxes), ), label))
    return data


def picture(size):
    return torch.randint(0, 256, (3, size, size), dtype=torch.uint8)


def item(ways=2, shots=2, size=64):
    return dict(
        inputs=dict(query=picture(size), support=[
            picture(32) for _ in range(ways * shots)]),
        data_samples=dict(
            query=sample(size, (8, 8, 40, 40), label=3),
            support=[sample(32, (2, 2, 30, 30), label=way)
                     for way in range(ways) for _ in range(shots)]))


def supports(labels, seed=0):
    torch.manual_seed(seed)
    return [pseudo_collate([dict(
        inputs=picture(32),
        data_samples=sample(32, (2, 2, 30, 30), label=label))])
        for label in labels]


def test_preprocessor_arranges_query_by_query():
    model = tiny()
    items = [item(), item(size=56)]
    batch = pseudo_collate(items)
    assert isinstance(batch['inputs']['support'][0], (tuple, list))
    done = model.data_preprocessor(batch, True)
    assert done['inputs']['query'].shape == (2, 3, 64, 64)
    mean = torch.tensor([103.53, 116.28, 123.675])[:, None, None]
    flat = [p for one in items for p in one['inputs']['support']]
    torch.testing.assert_close(done['inputs']['support'],
                               torch.stack(flat) - mean)
    assert done['data_samples']['query'][1].batch_input_shape == (64, 64)
    labels = [int(s.gt_instances.labels) for s in
              done['data_samples']['support']]
    assert labels == [0, 0, 1, 1] * 2
    for one, own in zip(items, done['data_samples']['query']):
        given = one['data_samples']['query'].gt_instances
        assert torch.equal(own.gt_instances.bboxes, given.bboxes)
        assert torch.equal(own.gt_instances.labels, given.labels)
    plain = model.data_preprocessor(
        dict(inputs=[picture(64)], data_samples=[sample(64)]), False)
    assert plain['inputs'].shape == (1, 3, 64, 64)


KINDS = dict(
    gcn_fsod=dict(),
    coupled=dict(rpn_head=dict(decouple=False)),
    roi_concat=dict(rpn_head=dict(support_feat='roi',
                                  shot_fusion='concat')),
    global_only=dict(roi_head=dict(bbox_head=dict(local_matching=False))),
    local_only=dict(roi_head=dict(bbox_head=dict(global_matching=False))),
    stacked=dict(roi_head=dict(bbox_head=dict(reg_branch='stacked'))),
    three_ways=dict(num_support_ways=3),
    match_norm=dict(match_norm=dict(type='CalibratedNorm', num_features=32)),
    attention_rpn=dict(
        type='AttentionRPNDetector',
        rpn_head=dict(correspondence='global_kernel', decouple=False,
                      support_feat='roi'),
        roi_head=dict(bbox_head=dict(
            _delete_=True, type='MultiRelationBBoxHead', in_channels=32))))


@pytest.mark.parametrize('kind', KINDS)
def test_learns_and_detects(kind):
    model = tiny(**KINDS[kind])
    ways = model.num_support_ways
    batch = model.data_preprocessor(
        pseudo_collate([item(ways), item(ways)]), True)
    losses = model.loss(batch['inputs'], batch['data_samples'])
    assert set(losses) == {'loss_rpn_cls', 'loss_rpn_bbox', 'loss_cls',
                           'loss_bbox', 'acc'}
    # As DDP needs it: no parameter is without gradient.
    backward(model, losses)
    # The query's labels are those of the data set.
    assert batch['data_samples']['query'][0].gt_instances.labels[0] == 3

    model.eval()
    model.test_cfg.rcnn.score_thr = 0.
    model.roi_head.test_cfg.score_thr = 0.
    # Classes may have different numbers of shots.
    model.model_init(supports([4, 7, 4]))
    assert list(model.support_bank) == [4, 7]
    assert model.support_bank[4]['vec'].shape == (32, )
    assert model.support_bank[4]['roi'].shape == (32, 7, 7)
    found = model.test_step(dict(
        inputs=[picture(64), picture(48)],
        data_samples=[sample(64), sample(48)]))
    assert len(found) == 2
    for one in found:
        assert set(one.pred_instances.labels.tolist()) == {4, 7}
        assert len(one.pred_instances) > 2


def test_queries_and_supports_are_normalised_apart():
    model = tiny(match_norm=dict(type='CalibratedNorm', num_features=32))
    batch = model.data_preprocessor(pseudo_collate([item(), item()]), True)
    model.loss(batch['inputs'], batch['data_samples'])
    images = batch['inputs']
    plain = tiny()
    for branch, norm in (('query', model.query_norm),
                         ('support', model.support_norm)):
        mean = plain.extract_feat(images[branch])[0].mean((0, 2, 3))
        torch.testing.assert_close(norm.running_mean, mean)
    model.eval()
    query, = model.extract_feat(images['query'])
    assert query.mean((0, 2, 3)).abs().max() < 1e-3
    found = model.extract_support(
        images['support'], batch['data_samples']['support'], 2)
    assert found.maps.mean((0, 2, 3)).abs().max() < 1e-3


def test_stock_rpn_serves_all_classes():
    model = tiny(rpn_head=dict(
        _delete_=True, type='RPNHead', in_channels=32, feat_channels=32,
        anchor_generator=dict(type='AnchorGenerator', scales=[4],
                              ratios=[1.], strides=[8])))
    batch = model.data_preprocessor(pseudo_collate([item(), item()]), True)
    losses = model.loss(batch['inputs'], batch['data_samples'])
    model.parse_losses(losses)[0].backward()
    assert not [n for n, p in model.named_parameters() if p.grad is None]
    model.eval()
    model.roi_head.test_cfg.score_thr = 0.
    model.model_init(supports([0, 1]))
    one, = model.test_step(dict(inputs=[picture(64)],
                                data_samples=[sample(64)]))
    assert set(one.pred_instances.labels.tolist()) == {0, 1}


@pytest.mark.parametrize('boxes', [0, 2])
def test_supports_have_one_box(boxes):
    batch = pseudo_collate([dict(
        inputs=picture(32),
        data_samples=sample(32, *[(2, 2, 30, 30)] * boxes))])
    with pytest.raises(ValueError, match=f'{boxes} boxes.*instance_wise'):
        tiny().eval().model_init(supports([0]) + [batch])


def test_chunks_of_rois_change_nothing():
    model = tiny().eval()
    model.roi_head.test_cfg.score_thr = 0.
    model.model_init(supports([0, 1, 2]))
    data = dict(inputs=[picture(64)], data_samples=[sample(64)])
    whole = model.test_step(data)[0].pred_instances
    model.roi_head.roi_chunk = 7
    parts = model.test_step(data)[0].pred_instances
    torch.testing.assert_close(parts.bboxes, whole.bboxes)
    torch.testing.assert_close(parts.scores, whole.scores)
    assert parts.labels.tolist() == whole.labels.tolist()


def test_an_image_is_detected_alike_in_any_batch():
    model = tiny().eval()
    model.roi_head.test_cfg.score_thr = 0.
    model.model_init(supports([0, 1]))
    pictures = [picture(64), picture(64)]
    together = model.test_step(dict(
        inputs=pictures, data_samples=[sample(64), sample(64)]))
    alone = model.test_step(dict(
        inputs=pictures[1:], data_samples=[sample(64)]))
    torch.testing.assert_close(together[1].pred_instances.scores,
                               alone[0].pred_instances.scores)


def test_detection_depends_on_the_supports():
    model = tiny().eval()
    model.roi_head.test_cfg.score_thr = 0.
    data = dict(inputs=[picture(64)], data_samples=[sample(64)])
    scores = []
    for seed in (0, 1):
        model.model_init(supports([0], seed))
        scores.append(model.test_step(data)[0].pred_instances.scores)
    assert scores[0].tolist() != scores[1].tolist()


def test_frozen_parts_stay():
    model = tiny(frozen_parameters=['backbone'])
    model.train()
    assert not model.backbone.training and model.rpn_head.training
    before = {k: v.clone() for k, v in model.state_dict().items()}
    optim = torch.optim.SGD(
        [p for p in model.parameters() if p.requires_grad], lr=.1)
    batch = model.data_preprocessor(pseudo_collate([item(), item()]), True)
    losses = model.loss(batch['inputs'], batch['data_samples'])
    model.parse_losses(losses)[0].backward()
    optim.step()
    after = model.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before
               if k.startswith('backbone'))
    assert not torch.equal(before['rpn_head.gcn.theta1'],
                           after['rpn_head.gcn.theta1'])
    with pytest.raises(ValueError, match=r"\['head'\]"):
        tiny(frozen_parameters=['head'])


def test_without_supports():
    model = tiny().eval()
    data = dict(inputs=[picture(64)], data_samples=[sample(64)])
    with pytest.raises(RuntimeError, match='SupportInitHook.*|process_'):
        model.test_step(data)


def test_other_numbers_of_supports_than_configured():
    model = tiny()
    batch = model.data_preprocessor(pseudo_collate([item(3)]), True)
    with pytest.raises(ValueError, match='num_support_ways'):
        model.loss(batch['inputs'], batch['data_samples'])
    with pytest.raises(ValueError, match='QueryAwareDataset'):
        model.loss(torch.rand(1, 3, 32, 32), [])


def test_bank_survives_a_missing_object():
    """An image where nothing is found has empty results."""
    model = tiny().eval()
    model.roi_head.test_cfg.score_thr = 1.
    model.model_init(supports([0]))
    one, = model.test_step(dict(inputs=[picture(64)],
                                data_samples=[sample(64)]))
    assert len(one.pred_instances) == 0


def two_classes():
    """A query with two objects of class 3 and one of class 5; three ways."""
    data = item(3)
    query = sample(64, (8, 8, 40, 40), (30, 2, 60, 30), (2, 40, 20, 60),
                   label=3)
    query.gt_instances.labels[1] = 5
    query.set_metainfo(dict(query_classes=(3, 5)))
    data['data_samples']['query'] = query
    return data


def test_each_class_of_a_query_is_a_pair_with_its_own_boxes():
    query = two_classes()['data_samples']['query']
    pairs = arrange_pairs([query, sample(64, (1, 2, 30, 40), label=7)], 3)
    assert pairs.images == [0, 0, 0, 1, 1, 1]
    assert pairs.negative == [False, False, True, False, True, True]
    boxes = [one.gt_instances.bboxes.tolist() for one in pairs.samples]
    first, second, third = query.gt_instances.bboxes.tolist()
    assert boxes[:3] == [[first, third], [second], [first, second, third]]
    assert boxes[3:] == [[[1, 2, 30, 40]]] * 3
    assert [len(one.gt_instances) for one in pairs.queries] == [3, 1]
    for one in pairs.samples + pairs.queries:
        assert not one.gt_instances.labels.any()
    assert query.gt_instances.labels.tolist() == [3, 5, 3]
    # What is the same is assigned once.
    assert pairs.samples[3] is pairs.samples[4] is pairs.queries[1]
    with pytest.raises(ValueError, match=r'2 query_classes.*num_support_wa'):
        arrange_pairs([query], 1)


def test_a_pair_learns_from_the_boxes_of_its_class_alone():
    """The losses of two positive pairs are those of two queries with one."""
    model = tiny(num_support_ways=3)
    # All anchors and RoIs count, so that nothing is drawn.
    model.rpn_head.sampler.num = model.roi_head.bbox_sampler.num = 10**4
    model.rpn_head.sampler.pos_fraction = 1
    model.roi_head.bbox_sampler.pos_fraction = 1
    batch = model.data_preprocessor(pseudo_collate([two_classes()]), True)
    inputs, samples = batch['inputs'], batch['data_samples']
    x = model.extract_feat(inputs['query'])
    supports = model.extract_support(inputs['support'], samples['support'], 2)
    arranged = arrange_pairs(samples['query'], 3)
    outs = model.rpn_head(x, supports, [0] * 3, [(64, 64)])

    def losses(which):
        chosen = [arranged.samples[p] for p in which]
        found = model.rpn_head.loss_by_feat(
            *[[level[which] for level in part] for part in outs],
            [one.gt_instances for one in chosen],
            [dict(one.metainfo, negative_pair=arranged.negative[p])
             for p, one in zip(which, chosen)])
        return sum(sum(part) for part in found.values())

    torch.manual_seed(0)
    whole = losses([0, 1, 2])
    torch.testing.assert_close(
        whole, sum(losses([p]) for p in range(3)) / 3, rtol=.05, atol=0)
    torch.manual_seed(0)
    together, _ = model.rpn_head.loss_and_predict(
        x, arranged.samples, supports=supports, images=arranged.images,
        negative=arranged.negative,
        proposal_cfg=model.train_cfg.rpn_proposal)
    torch.testing.assert_close(
        sum(sum(part) for part in together.values()), whole)


def test_learns_from_every_class_of_a_query():
    model = tiny(num_support_ways=3)
    calls = []
    extract = model.backbone.forward
    model.backbone.forward = lambda x: calls.append(len(x)) or extract(x)
    batch = model.data_preprocessor(
        pseudo_collate([two_classes(), item(3)]), True)
    losses = model.loss(batch['inputs'], batch['data_samples'])
    # The query's features serve all of its pairs.
    assert calls == [2, 12]
    backward(model, losses)
