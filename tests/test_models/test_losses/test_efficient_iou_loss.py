import math

import pytest
import torch
from mmdet.models.losses import EIoULoss
from mmdet.registry import MODELS

from mmextra.models.losses import EfficientIoULoss, efficient_iou_loss

TARGET = [10., 10., 30., 50.]
# Worked by hand from Eq. 5 against TARGET, which is 20 wide and 40 high.
CASES = [
    (TARGET, 0.),
    # moved by 5: IoU 600 / 1000, enclosing box 25 x 40
    ([15., 10., 35., 50.], 1 - 600 / 1000 + 25 / (25**2 + 40**2)),
    # left half gone: IoU 1/2, centre moved by 0, sides of the target around
    ([15., 10., 25., 50.], 1 - 1 / 2 + 100 / 400),
    # touching: enclosing box 40 x 40
    ([30., 10., 50., 50.], 1 + 400 / 3200),
    # far: 110 x 130
    ([100., 100., 120., 140.], 1 + 2 * 90**2 / (110**2 + 130**2)),
    # a point inside: its sides are missing whole
    ([20., 20., 20., 20.], 1 + 100 / 2000 + 1 + 1),
]


def boxes(*rows):
    return torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize('pred, expected', CASES)
def test_values_by_hand(pred, expected):
    loss = efficient_iou_loss(boxes(pred), boxes(TARGET), reduction='none')
    assert loss.item() == pytest.approx(expected, abs=1e-12)


def test_mirrored_box_is_turned_round():
    """Sides of -20 and -40: overlap none, both size terms (2w)^2 / w^2."""
    pred = boxes([30., 50., 10., 10.]).requires_grad_()
    loss = efficient_iou_loss(pred, boxes(TARGET), reduction='sum')
    assert loss.item() == pytest.approx(9)
    loss.backward()
    # Descent moves x1 left and x2 right.
    assert (pred.grad[0, :2] > 0).all() and (pred.grad[0, 2:] < 0).all()


def test_two_points():
    pred = boxes([20., 20., 20., 20.]).requires_grad_()
    loss = efficient_iou_loss(pred, pred.detach(), reduction='sum')
    loss.backward()
    assert loss.item() == 1 and pred.grad.abs().max() == 0


def test_gradients():
    torch.manual_seed(0)
    low = torch.rand(12, 2, dtype=torch.float64) * 10
    pred = torch.cat([low, low + 1 + torch.rand(12, 2) * 5], 1)
    shift = torch.randn(12, 4, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda p: efficient_iou_loss(p, pred + shift, reduction='none'),
        (pred.clone().requires_grad_(), ))


def test_far_box_has_a_gradient():
    """Of centre and sides, while that of the IoU is zero."""
    pred = boxes([100., 100., 120., 140.]).requires_grad_()
    efficient_iou_loss(pred, boxes(TARGET), reduction='sum').backward()
    # By hand, with R = 2 * 90^2 and D = 110^2 + 130^2: x2 moves the centre
    # by a half, widens the enclosing box, and the two sides are equal.
    size = 110**2 + 130**2
    x2 = 90 / size - 2 * 90**2 * 2 * 110 / size**2
    y2 = 90 / size - 2 * 90**2 * 2 * 130 / size**2
    assert pred.grad[0].tolist() == pytest.approx(
        [90 / size, 90 / size, x2, y2], abs=1e-9)


def test_bounds():
    torch.manual_seed(1)
    low = torch.rand(2, 2000, 2) * 100
    pred, target = torch.cat([low, low + torch.rand(2, 2000, 2) * 60], 2)
    loss = efficient_iou_loss(pred, target, reduction='none')
    assert loss.min() > 0 and loss.max() < 4


def test_is_not_the_extended_iou_of_mmdet():
    pred, target = boxes([15., 10., 25., 50.]), boxes(TARGET)
    assert EfficientIoULoss()(pred, target).item() == pytest.approx(.75)
    assert EIoULoss()(pred, target).item() == pytest.approx(.45, abs=1e-6)
    assert MODELS.get('EfficientIoULoss') is EfficientIoULoss


def test_reductions_and_weights():
    pred = boxes(*(row for row, _ in CASES[1:5])).requires_grad_()
    target = boxes(*[TARGET] * 4)
    each = torch.tensor([value for _, value in CASES[1:5]],
                        dtype=torch.float64)
    loss = EfficientIoULoss(loss_weight=2.)
    weight = torch.tensor([1., 0., .5, 2.])

    def close(found, wanted):
        torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-9)

    close(loss(pred, target), 2 * each.mean())
    close(loss(pred, target, reduction_override='none'), 2 * each)
    close(loss(pred, target, reduction_override='sum'), 2 * each.sum())
    wanted = 2 * (each * weight).sum() / 10
    assert loss(pred, target, weight, avg_factor=10).item() == pytest.approx(
        wanted.item(), rel=1e-6)
    close(loss(pred, target, weight[:, None].expand(4, 4), 10),
          loss(pred, target, weight, 10))
    with pytest.raises(ValueError, match="reduction must be .* 'max'"):
        loss(pred, target, reduction_override='max')


@pytest.mark.parametrize('count', [0, 3])
def test_nothing_to_learn_stays_in_the_graph(count):
    pred = torch.rand(count, 4, requires_grad=True)
    weight = torch.zeros(count) if count else None
    loss = EfficientIoULoss()(pred, torch.rand(count, 4), weight)
    assert loss.item() == 0
    loss.backward()
    assert pred.grad is not None


def test_half_precision_is_computed_in_single():
    """The square of 300 exceeds what a half can hold."""
    pred = torch.tensor([[0., 0., 300., 300.]]).half()
    loss = efficient_iou_loss(pred, pred / 2, reduction='none')
    assert loss.dtype == torch.float32
    assert math.isclose(
        loss.item(), 1 - .25 + 2 * 75**2 / (2 * 300**2) + .5, rel_tol=1e-6)
