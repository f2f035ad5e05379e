"""Mixed precision: every family in bfloat16, and what overflows in half."""
import copy

import pytest
import torch

from mmextra.evaluation.device_check import (
    FAMILIES,
    FamilySteps,
    scores_of,
)
from mmextra.models.roi_heads.bbox_heads import (
    AttentiveBBoxHead,
    MultiRelationBBoxHead,
)
from tests.helpers import ROOT
from tests.pretend_device.autocast import CudaPrecision

OURS = [name for name in FAMILIES if name not in (
    'rotated RetinaNet', 'YOLOX-s', 'TFA', 'SSDLite', 'Mask R-CNN')]


def keep_proposals(model):
    """Give the second stage the proposals of the first run every time: an
    untrained RPN chooses others after any rounding."""
    if not hasattr(model, 'rpn_head'):
        return
    propose, kept = model.rpn_head.loss_and_predict, []

    def loss_and_predict(*args, **kwargs):
        losses, proposals = propose(*args, **kwargs)
        kept.append(copy.deepcopy(proposals))
        return losses, copy.deepcopy(kept[0])

    model.rpn_head.loss_and_predict = loss_and_predict


@pytest.mark.parametrize('name', OURS)
def test_bfloat16_is_finite_and_near_single_precision(name, data):
    steps = FamilySteps(name, ROOT / 'configs', data)
    model = steps.model_on('cpu')
    keep_proposals(model)
    wanted = steps.train(model).losses['loss']
    with CudaPrecision():
        found = steps.train(model, 'bf16').losses['loss']
        assert all(p.grad.isfinite().all() for p in model.parameters()
                   if p.grad is not None)
        results = steps.test(model, 'bf16')
    assert found.item() == pytest.approx(wanted.item(), rel=.05)
    scores = torch.cat(scores_of(results))
    assert len(scores) and scores.isfinite().all()


@pytest.mark.parametrize('kind', [AttentiveBBoxHead, MultiRelationBBoxHead])
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_heads_that_sum_over_cells_do_not_overflow(kind, dtype):
    torch.manual_seed(0)
    head = kind(in_channels=8).eval()
    head.init_weights()
    # 49 products of 60 x 60 are 176,400; float16 ends at 65,504.
    query, support = torch.rand(2, 4, 8, 7, 7) * 20 + 40
    wanted = head(query, support)
    with CudaPrecision(), torch.autocast('cpu', dtype):
        found = head(query.to(dtype), support.to(dtype))
    for ours, theirs in zip(found, wanted):
        assert ours.isfinite().all()
        torch.testing.assert_close(ours.float(), theirs, rtol=.05, atol=.05)


def test_the_mode_casts_what_cuda_casts():
    x = torch.full((100, ), 300.).half()
    with CudaPrecision(), torch.autocast('cpu', torch.bfloat16):
        assert x.sum() == 30000 and x.sum().dtype is torch.float32
        assert x.exp().dtype is torch.float32
        assert (x + x).dtype is torch.float16
    with CudaPrecision():
        assert x.exp().dtype is torch.float16
