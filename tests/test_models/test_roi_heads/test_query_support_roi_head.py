import pytest
import torch

from mmextra.models.roi_heads import merge_class_results, select_roi_samples
from tests.helpers import worked_case


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
