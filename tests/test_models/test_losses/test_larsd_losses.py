import math

import pytest
import torch
from mmdet.models.losses import FocalLoss
from mmdet.registry import MODELS as MMDET_MODELS
from mmrotate.registry import MODELS as MMROTATE_MODELS

from mmextra.models.losses import (
    CosineAngleLoss,
    UnitBoxIoULoss,
    cosine_angle_loss,
    unitbox_iou_loss,
)
from tests.helpers import worked_case


def test_angle_loss_by_hand():
    case = worked_case('larsd', 'angle_loss')
    found = cosine_angle_loss(
        torch.tensor(case['input']['pred']),
        torch.tensor(case['input']['target']), reduction='none')
    assert torch.allclose(
        found, torch.tensor(case['expected']['loss']),
        atol=case['tolerance'])


def test_unitbox_loss_by_hand():
    # 4x4 and 2x2 square around one point: IoU 4/16.
    pred, target = torch.full((1, 4), 2.), torch.full((1, 4), 1.)
    assert unitbox_iou_loss(pred, target).item() == pytest.approx(
        math.log(4))
    # Shifted by one: intersection 2x3, areas 16 and 6, union 16.
    target = torch.tensor([[1., 1., 1., 2.]])
    assert unitbox_iou_loss(pred, target).item() == pytest.approx(
        -math.log(6 / 16))
    assert unitbox_iou_loss(pred, target, smooth=1.).item() == pytest.approx(
        -math.log(7 / 17))
    assert unitbox_iou_loss(target, target).item() == pytest.approx(0)


def test_unitbox_loss_has_the_right_gradient():
    torch.manual_seed(0)
    pred = (torch.rand(6, 4, dtype=torch.double) + 0.5).requires_grad_()
    target = torch.rand(6, 4, dtype=torch.double) + 0.5
    assert torch.autograd.gradcheck(
        lambda p: unitbox_iou_loss(p, target, reduction='none'), pred)


@pytest.mark.parametrize('loss, shape', [
    (UnitBoxIoULoss(loss_weight=2.), (3, 4)),
    (CosineAngleLoss(loss_weight=2.), (3, ))])
def test_weights_and_average(loss, shape):
    torch.manual_seed(0)
    pred, target = torch.rand(shape) + 1, torch.rand(shape) + 1
    each = loss(pred, target, reduction_override='none')
    assert each.shape == (3, )
    weight = torch.tensor([1., 0., 3.])
    found = loss(pred, target, weight, avg_factor=5.)
    assert found.item() == pytest.approx(
        ((each * weight).sum() / 5).item(), rel=1e-4)


def test_focal_loss_convention_by_hand():
    """Background is class C, ignored priors have weight 0."""
    case = worked_case('larsd', 'focal_loss')
    logits = torch.tensor(case['input']['logits'])[:, None]
    labels = torch.tensor(case['input']['labels'])
    loss = FocalLoss(use_sigmoid=True)(
        logits, torch.where(labels == 1, 0, 1), (labels >= 0).float(),
        avg_factor=2)
    assert loss.item() == pytest.approx(
        case['expected']['loss'], abs=case['tolerance'])


@pytest.mark.parametrize('name', ['UnitBoxIoULoss', 'CosineAngleLoss'])
def test_one_class_in_both_hosts(name):
    assert MMDET_MODELS.get(name) is MMROTATE_MODELS.get(name)
