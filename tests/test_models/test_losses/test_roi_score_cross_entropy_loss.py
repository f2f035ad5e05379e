import pytest
import torch
from mmdet.registry import MODELS
from torch.nn import functional as F

from mmextra.models.losses import RoIScoreCrossEntropyLoss
from tests.helpers import worked_case

CASE = worked_case('covid_ct_mask_net', 'roi_scoring')


@pytest.mark.parametrize('case', CASE['cases'])
def test_scores_of_one_class(case):
    logits = torch.tensor([case['logits']])
    softmax = logits.softmax(-1)[0, 0].item()
    sigmoid = RoIScoreCrossEntropyLoss().get_activation(logits)
    assert softmax == pytest.approx(case['softmax_fg'], abs=1e-6)
    assert sigmoid[0, 0].item() == pytest.approx(case['sigmoid_fg'], abs=1e-6)
    assert (softmax > 0.75) == case['kept_softmax']
    assert (sigmoid[0, 0].item() > 0.75) == case['kept_sigmoid']
    assert sigmoid.shape == (1, 2) and sigmoid[0, 1] == 0


def test_scores_of_two_classes():
    logits = torch.tensor([CASE['two_class']['logits']])
    loss = RoIScoreCrossEntropyLoss()
    assert loss.get_activation(logits)[0, :2].tolist() == pytest.approx(
        CASE['two_class']['sigmoid'], abs=1e-6)
    assert logits.softmax(-1)[0, :2].tolist() == pytest.approx(
        CASE['two_class']['softmax'], abs=1e-6)
    assert loss.get_cls_channels(2) == 3


def test_trains_like_softmax_cross_entropy():
    logits = torch.randn(4, 3, requires_grad=True)
    labels = torch.tensor([0, 1, 2, 2])
    loss = MODELS.build(dict(type='RoIScoreCrossEntropyLoss', loss_weight=2.))
    got, = torch.autograd.grad(loss(logits, labels), logits)
    want, = torch.autograd.grad(2 * F.cross_entropy(logits, labels), logits)
    assert torch.allclose(got, want)
    with pytest.raises(ValueError, match='use_sigmoid'):
        RoIScoreCrossEntropyLoss(use_sigmoid=True)
