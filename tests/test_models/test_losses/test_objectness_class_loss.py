import pytest
import torch
import torch.nn.functional as F
from mmdet.registry import MODELS as MMDET_MODELS

from mmextra.models.losses import (
    ObjectnessClassLoss,
    joint_logits,
    split_joint_logits,
)


def parts(maps, num_classes):
    """Objectness (N, 1) and class values (N, C) in the order of joint ones."""
    batch, _, height, width = maps.shape
    rows = maps.view(batch, -1, 1 + num_classes, height, width).permute(
        0, 3, 4, 1, 2).reshape(-1, 1 + num_classes)
    return rows[:, :1], rows[:, 1:]


def as_rows(logits, num_classes):
    return logits.permute(0, 2, 3, 1).reshape(-1, num_classes)


def test_scores_are_products():
    torch.manual_seed(0)
    maps = torch.randn(2, 2 * 4, 3, 5) * 4
    objectness, classes = parts(maps, 3)
    rows = as_rows(joint_logits(maps, 3), 3)
    torch.testing.assert_close(
        rows.sigmoid(), objectness.sigmoid() * classes.softmax(1))
    found, log_shares = split_joint_logits(rows)
    torch.testing.assert_close(found, objectness, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(log_shares, classes.log_softmax(1),
                               rtol=1e-4, atol=1e-4)
    alone = torch.randn(1, 3 * 2, 4, 4) * 4
    torch.testing.assert_close(joint_logits(alone, 1), alone[:, ::2],
                               rtol=1e-4, atol=1e-3)


def test_sure_scores_stay_finite():
    maps = torch.tensor([80., 60., -60., -80., 60., -60.]).view(1, 6, 1, 1)
    maps.requires_grad_()
    logits = joint_logits(maps, 2)
    assert logits.isfinite().all()
    assert logits[0, 0] > 12 and logits[0, 1] < -100 and logits[0, 2] < -70
    loss = ObjectnessClassLoss()(
        as_rows(logits, 2), torch.tensor([1, 2]))
    loss.backward()
    assert loss.isfinite() and maps.grad.isfinite().all()
    # Sure of the wrong class: its values get the gradient.
    assert maps.grad[0, 1] > 0.4 and maps.grad[0, 2] < -0.4


def test_loss_and_gradients_are_those_of_both_parts():
    torch.manual_seed(1)
    maps = torch.randn(2, 2 * 4, 3, 5, dtype=torch.double,
                       requires_grad=True)
    target = torch.randint(0, 4, (2 * 2 * 3 * 5, ))
    weight = torch.rand(len(target), dtype=torch.double)
    loss = ObjectnessClassLoss(loss_weight=0.7)(
        as_rows(joint_logits(maps, 3), 3), target, weight, avg_factor=9.)
    found, = torch.autograd.grad(loss, maps)

    objectness, classes = parts(maps, 3)
    good = target < 3
    score = objectness[:, 0].sigmoid()
    focal = torch.where(
        good, -0.25 * (1 - score)**2 * score.log(),
        -0.75 * score**2 * (1 - score).log())
    expected = ((focal * weight).sum() + 0.7 * (F.cross_entropy(
        classes[good], target[good], reduction='none') *
        weight[good]).sum()) / 9
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    torch.testing.assert_close(
        found, torch.autograd.grad(expected, maps)[0], rtol=1e-6, atol=1e-9)


def test_background_alone_teaches_no_class():
    maps = torch.randn(1, 4, 2, 2, requires_grad=True)
    loss = ObjectnessClassLoss()(
        as_rows(joint_logits(maps, 3), 3), torch.full((4, ), 3))
    loss.backward()
    assert (maps.grad[:, 0] > 0).all()
    assert maps.grad[:, 1:].abs().max() < 1e-6


def test_config_and_refusal():
    loss = MMDET_MODELS.build(dict(
        type='ObjectnessClassLoss', use_sigmoid=True, loss_weight=2.,
        loss_obj=dict(type='QualityFocalLoss', loss_weight=1.)))
    assert loss.loss_weight == 2. and \
        type(loss.loss_obj).__name__ == 'QualityFocalLoss'
    with pytest.raises(ValueError, match='use_sigmoid'):
        ObjectnessClassLoss(use_sigmoid=False)
