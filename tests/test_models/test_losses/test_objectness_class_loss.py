import pytest
import torch
from mmdet.registry import MODELS as MMDET_MODELS

from mmextra.models.losses import ObjectnessClassLoss, joint_logits


def as_rows(maps, channels):
    """(B, K * channels, H, W) as rows, in the order of the priors."""
    return maps.permute(0, 2, 3, 1).reshape(-1, channels)


def test_scores_are_products():
    torch.manual_seed(0)
    maps = torch.randn(2, 2 * 4, 3, 5) * 4
    rows = as_rows(maps, 4)
    torch.testing.assert_close(
        as_rows(joint_logits(maps, 3), 3).sigmoid(),
        rows[:, :1].sigmoid() * rows[:, 1:].softmax(1))
    alone = torch.randn(1, 3 * 2, 4, 4) * 4
    torch.testing.assert_close(joint_logits(alone, 1), alone[:, ::2],
                               rtol=1e-4, atol=1e-3)


def test_sure_scores_stay_finite():
    maps = torch.tensor([80., 60., -60., -80., 60., -60.]).view(1, 6, 1, 1)
    logits = joint_logits(maps, 2)
    assert logits.isfinite().all()
    assert logits[0, 0] > 12 and logits[0, 1] < -100 and logits[0, 2] < -70


def test_what_is_sure_and_wrong_learns():
    rows = torch.tensor([[80., 60., -60.], [40., 0., 0.]])
    rows.requires_grad_()
    # The one is of the other class, the other background.
    loss = ObjectnessClassLoss()(rows, torch.tensor([1, 2]))
    loss.backward()
    assert rows.grad[0].tolist() == pytest.approx([0, 1, -1])
    assert rows.grad[1].tolist() == pytest.approx([.75, 0, 0])


def test_loss_and_gradients_are_those_written_out():
    torch.manual_seed(1)
    rows = torch.randn(60, 4, dtype=torch.double, requires_grad=True)
    target = torch.randint(0, 4, (60, ))
    weight = torch.rand(60, dtype=torch.double)
    loss = ObjectnessClassLoss(loss_weight=0.7)(
        rows, target, weight, avg_factor=9.)
    found, = torch.autograd.grad(loss, rows)

    good = target < 3
    score = rows[:, 0].sigmoid()
    each = torch.where(
        good, -0.25 * (1 - score)**2 * score.log(),
        -0.75 * score**2 * (1 - score).log())
    shares = rows[:, 1:].exp() / rows[:, 1:].exp().sum(1, keepdim=True)
    own = shares[good].gather(1, target[good][:, None])[:, 0]
    expected = ((each * weight).sum()
                - 0.7 * (own.log() * weight[good]).sum()) / 9
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    torch.testing.assert_close(
        found, torch.autograd.grad(expected, rows)[0], rtol=1e-6, atol=1e-9)
    mean = ObjectnessClassLoss(loss_weight=0.7)(rows, target)
    total = ObjectnessClassLoss(loss_weight=0.7)(rows, target, avg_factor=1.)
    assert mean.item() == pytest.approx(total.item() / int(good.sum()))


def test_background_alone_teaches_no_class():
    rows = torch.randn(8, 4, requires_grad=True)
    ObjectnessClassLoss()(rows, torch.full((8, ), 3)).backward()
    assert (rows.grad[:, 0] > 0).all() and not rows.grad[:, 1:].any()


def test_config_and_refusal():
    loss = MMDET_MODELS.build(dict(
        type='ObjectnessClassLoss', use_sigmoid=True, loss_weight=2.,
        loss_obj=dict(type='QualityFocalLoss', loss_weight=1.)))
    assert loss.loss_weight == 2. and \
        type(loss.loss_obj).__name__ == 'QualityFocalLoss'
    with pytest.raises(ValueError, match='use_sigmoid'):
        ObjectnessClassLoss(use_sigmoid=False)


@pytest.mark.parametrize('classes', [1, 3])
def test_a_head_without_objectness_is_named(classes):
    labels = torch.tensor([0, classes, classes])
    with pytest.raises(ValueError, match='LARSDHead alone'):
        ObjectnessClassLoss()(torch.randn(3, classes), labels)
