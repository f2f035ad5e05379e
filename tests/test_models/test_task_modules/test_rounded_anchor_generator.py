import pytest
import torch
from mmdet.registry import TASK_UTILS

from tests.helpers import worked_case

ANCHORS = dict(strides=[16], base_sizes=[1], scales=[2, 4, 8, 16, 32],
               ratios=[0.1, 0.25, 0.5, 1.0, 1.5, 2.0])


def test_anchors_of_the_paper():
    case = worked_case('covid_ct_mask_net', 'anchors')
    generator = TASK_UTILS.build(dict(type='AnchorGenerator', **ANCHORS))
    base, = generator.base_anchors
    assert base[:3].tolist() == [
        pytest.approx(row, abs=1e-5) for row in case['first3']]
    assert base[-1].tolist() == pytest.approx(case['last'], abs=1e-5)
    total = 0
    for stride, count in case['count_per_stride'].items():
        assert 30 * (512 // int(stride))**2 == count
        grid = TASK_UTILS.build(dict(
            type='AnchorGenerator', **{**ANCHORS, 'strides': [int(stride)]}))
        size = 512 // int(stride)
        assert len(grid.grid_priors([(size, size)], device='cpu')[0]) == count
        total += count
    assert total + 30 * 128**2 == case['r50_total']


def test_rounding():
    plain = TASK_UTILS.build(dict(type='AnchorGenerator', **ANCHORS))
    rounded = TASK_UTILS.build(dict(type='RoundedAnchorGenerator', **ANCHORS))
    want, got = plain.base_anchors[0], rounded.base_anchors[0]
    assert torch.equal(got, got.round())
    assert (got - want).abs().max() <= 0.5
    # Size 2 with ratios 0.1 and 0.25: 0.63 and 1 pixels high, rounded to 0.
    assert (got[:, 3] == got[:, 1]).nonzero().flatten().tolist() == [0, 5]
