import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmextra.models.layers.support import SupportFeatures
from mmextra.models.roi_heads import merge_class_results, select_roi_samples
from mmextra.models.roi_heads.class_results import with_rpn_scores
from tests.export_helpers import few_shot
from tests.helpers import worked_case


def bank(detector):
    """Features of one support of noise."""
    sample = DetDataSample(gt_instances=InstanceData(
        bboxes=torch.tensor([[8., 8, 56, 56]])))
    with torch.no_grad():
        found = detector.extract_support(torch.rand(1, 3, 64, 64), [sample], 1)
    return dict(map=found.maps[0], roi=found.rois[0])


def where(mask):
    return mask.nonzero()[:, 0].tolist()


def test_roi_loss_sampling():
    case = worked_case('gcn_fsod', 'roi_loss_sampling')
    inputs, want = case['inputs'], case['expected']
    chosen = select_roi_samples(
        torch.tensor(inputs['labels']), torch.tensor(inputs['negative_pair']),
        torch.tensor(inputs['fg_prob']), inputs['sample_fractions'])
    for key in ('fg', 'bg_pos_pair', 'bg_neg_pair'):
        assert where(chosen[key]) == sorted(want[key])
    assert chosen['fg'].sum() == want['n_fg']
    assert chosen['bg_pos_pair'].sum() == want['n1']
    assert chosen['bg_neg_pair'].sum() == want['n2']


def test_sampling_without_foreground_keeps_one_of_each():
    chosen = select_roi_samples(
        torch.ones(6), torch.tensor([0, 0, 0, 1, 1, 1]),
        torch.tensor([.1, .3, .2, .4, .6, .5]))
    assert [where(chosen[key]) for key in chosen] == [[], [1], [4]]


@pytest.mark.parametrize('limit, key', [(2, 'kept'), (3, 'kept_if_max3')])
def test_class_merge(limit, key):
    case = worked_case('gcn_fsod', 'class_merge')
    inputs = case['inputs']
    found = merge_class_results(
        [torch.tensor(b, dtype=torch.float32) for b in inputs['boxes']],
        [torch.tensor(s) for s in inputs['scores']], range(2),
        dict(score_thr=inputs['score_thr'], max_per_img=limit,
             nms=dict(type='nms', iou_threshold=inputs['iou_threshold'])))
    want = case['expected'][key]
    assert found.labels.tolist() == [one['label'] for one in want]
    assert found.bboxes.tolist() == [one['box'] for one in want]
    assert found.scores.tolist() == pytest.approx(
        [one['score'] for one in want])


def test_merge_per_class_and_of_nothing():
    boxes = torch.tensor([[0., 0, 9, 9], [20, 20, 30, 30], [50, 50, 60, 60]])
    cfg = dict(score_thr=0.05, max_per_img=2, merge='per_class',
               nms=dict(type='nms', iou_threshold=0.5))
    scores = torch.tensor([.9, .8, .7])
    found = merge_class_results([boxes, boxes], [scores, scores - .5],
                                [4, 7], cfg)
    assert found.labels.tolist() == [4, 4, 7, 7]
    assert found.scores.tolist() == pytest.approx([.9, .8, .4, .3])
    none = merge_class_results([boxes], [scores * 0], [4], cfg)
    assert len(none) == 0 and none.bboxes.shape == (0, 4)
    with pytest.raises(ValueError, match='per_class'):
        merge_class_results([boxes], [scores], [0], dict(cfg, merge='all'))


def test_classes_compete_for_a_place():
    # A cat and a dog at one place, a horse beside both, a cat elsewhere.
    boxes = torch.tensor([[0., 0, 10, 10], [0, 0, 10, 8], [8, 0, 18, 10],
                          [50, 50, 60, 60]])
    cfg = dict(max_per_img=-1, nms=dict(type='nms', iou_threshold=0.5))
    parts = [boxes[[0, 3]], boxes[1:2], boxes[2:3]]
    scores = [torch.tensor([.6, .5]), torch.tensor([.8]), torch.tensor([.9])]
    plain = merge_class_results(parts, scores, [3, 1, 0], cfg)
    assert plain.labels.tolist() == [0, 1, 3, 3]
    found = merge_class_results(parts, scores, [3, 1, 0],
                                dict(cfg, rival_iou=0.3))
    # IoUs 0.8 of the first two, 1 / 9 and less with the horse.
    expected = {(0, 0): .9, (1, 0): .8 / (1 + (.6 / .8)**2), (3, 50): .5,
                (3, 0): .6 / (1 + (.8 / .6)**2)}
    assert [(int(label), int(box[0]) % 8) for label, box in zip(
        found.labels, found.bboxes)] == [(0, 0), (1, 0), (3, 2), (3, 0)]
    assert found.scores.tolist() == pytest.approx(
        sorted(expected.values(), reverse=True))
    # The best of them are left, by the new scores.
    best = merge_class_results(parts, scores, [3, 1, 0],
                               dict(cfg, rival_iou=0.3, max_per_img=3))
    assert best.labels.tolist() == [0, 1, 3] and best.bboxes[2, 0] == 50
    # Boxes of one class are no rivals, and none is needed.
    alone = merge_class_results(parts[:1], scores[:1], [3],
                                dict(cfg, rival_iou=0.))
    assert alone.scores.tolist() == pytest.approx([.6, .5])
    none = merge_class_results([boxes[:0]], [scores[0][:0]], [4],
                               dict(cfg, rival_iou=0.))
    assert len(none) == 0
    for wrong in (-0.1, 1, 30):
        with pytest.raises(ValueError, match='test_cfg.rcnn.rival_iou'):
            merge_class_results(parts, scores, [3, 1, 0],
                                dict(cfg, rival_iou=wrong))


def test_the_share_of_the_rpn():
    scores, rpn = torch.tensor([.9, .4]), torch.tensor([.25, 1.])
    torch.testing.assert_close(with_rpn_scores(
        scores, rpn, dict(rpn_power=.5)), torch.tensor([.45, .4]))
    assert with_rpn_scores(scores, rpn, {}) is scores
    detector = few_shot()
    detector.support_bank = {
        label: {key: value * (1 + .1 * label) for key, value in bank(
            detector).items()} for label in range(2)}
    sample = DetDataSample(metainfo=dict(
        img_shape=(96, 128), ori_shape=(96, 128), scale_factor=(1., 1.)))
    image = torch.rand(1, 3, 96, 128)
    cfg = detector.roi_head.test_cfg
    cfg.update(score_thr=0., max_per_img=-1)
    cfg.nms.iou_threshold = 1.
    with torch.no_grad():
        plain = detector.predict(image, [sample])[0].pred_instances
        cfg.rpn_power = .5
        shared = detector.predict(image, [sample])[0].pred_instances
        supports = SupportFeatures.of_bank(detector.support_bank)
        proposals = detector.rpn_head.predict(
            detector.extract_feat(image), [sample], supports=supports,
            images=[0, 0])
    likely = torch.cat([each.scores for each in proposals])
    assert len(plain) == len(shared) == len(likely)
    # Sums, for the order is another.
    before, after = (each.scores.double() for each in (plain, shared))
    assert after.sum() < before.sum()
    places = (plain.bboxes[:, None] - shared.bboxes[None]).abs().amax(2)
    factors = after[places.argmin(1)] / before
    torch.testing.assert_close(
        factors.sort().values.float(), likely.sqrt().sort().values,
        atol=1e-4, rtol=1e-4)
