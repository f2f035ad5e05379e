import pytest
import torch
from mmengine.structures import InstanceData

from mmextra.models.losses import (
    ForecastMSELoss,
    decision_loss,
    decision_target,
    decision_targets,
    forecast_loss,
)
from tests.helpers import worked_case


def tensors(item):
    return {
        key: torch.tensor(value).reshape(
            (-1, 4) if 'bboxes' in key else (-1, ))
        for key, value in item.items() if key[:3] in ('gt_', 'det')
    }


@pytest.mark.parametrize(
    'item', worked_case('feature_forecast', 'decision_targets')['items'],
    ids=lambda item: item['name'])
def test_targets_of_the_worked_cases(item):
    assert decision_target(**tensors(item)) == item['expected']


def test_targets_of_a_batch():
    items = worked_case('feature_forecast', 'decision_targets')['items']
    truth, found = [], []
    for item in items:
        values = tensors(item)
        truth.append(InstanceData(bboxes=values['gt_bboxes'].float(),
                                  labels=values['gt_labels'].long()))
        found.append(InstanceData(
            bboxes=values['det_bboxes'].float(),
            labels=values['det_labels'].long(),
            scores=values['det_scores'].float()))
    assert decision_targets(truth, found).tolist() == [
        item['expected'] for item in items]
    empty = decision_targets(truth, found, empty_target='ignore')
    assert empty[6] == -1 and empty[0] == 1


def test_what_the_real_map_misses_does_not_count():
    def boxes(*xs, **more):
        return InstanceData(
            bboxes=torch.tensor([[x, 0., x + 10, 10.] for x in xs]).reshape(
                -1, 4),
            labels=torch.zeros(len(xs), dtype=torch.long), **more)

    def found(*xs, score=.9):
        return boxes(*xs, scores=torch.full((len(xs), ), score))
    truth = [boxes(0, 50)] * 5
    forecast = [found(0), found(0), found(50), found(), found(0)]
    read = [found(0, 50), found(0), found(0), found(),
            found(0, 50, score=.2)]
    assert decision_targets(truth, forecast).tolist() == [0] * 5
    assert decision_targets(
        truth, forecast, readings=read).tolist() == [0, 1, 0, 1, 1]


def test_decision_loss_of_the_worked_case():
    case = worked_case('feature_forecast', 'decision_loss')
    logits = torch.tensor(case['inputs']['logits'], requires_grad=True)
    targets = torch.tensor(case['inputs']['y'])
    expected = case['expected']
    assert logits.softmax(-1)[:, 1].tolist() == pytest.approx(
        expected['p'], abs=1e-5)
    for k, value in enumerate(expected['per_item']):
        assert decision_loss(logits[k:k + 1], targets[k:k + 1]).item() == \
            pytest.approx(value, abs=1e-5)
    loss = decision_loss(logits, targets)
    assert loss.item() == pytest.approx(expected['mean'], abs=1e-5)
    assert 0.7 * loss.item() == pytest.approx(expected['weighted'], abs=1e-5)


def test_ignored_frames_do_not_count():
    logits = torch.tensor([[1., 0.], [0., 3.]], requires_grad=True)
    both = decision_loss(logits, torch.tensor([-1, 1]))
    assert both.item() == pytest.approx(
        decision_loss(logits[1:], torch.tensor([1])).item())
    none = decision_loss(logits, torch.tensor([-1, -1]))
    none.backward()
    assert none.item() == 0 and logits.grad.abs().sum() == 0


def test_forecast_loss_and_its_gradient():
    forecast = torch.tensor([[1., 2.], [3., 5.]], requires_grad=True)
    target = torch.tensor([[0., 2.], [5., 4.]], requires_grad=True)
    loss = ForecastMSELoss(loss_weight=2.)(forecast, target)
    assert loss.item() == pytest.approx(2 * (1 + 0 + 4 + 1) / 4)
    loss.backward()
    # d/df of 2 mean (f - t)^2
    assert forecast.grad.tolist() == [[1., 0.], [-2., 1.]]
    assert target.grad is None
    forecast_loss(forecast, target, detach_target=False).backward()
    assert target.grad.tolist() == [[-.5, 0.], [1., -.5]]


def test_error_weighs_more_where_the_map_changes():
    current = torch.zeros(1, 2, 2, 2)
    target = current.clone()
    target[0, :, 0, 0] = 4.
    forecast = target.clone()
    forecast[0, 0, 0, 0] += 1
    still = target.clone()
    still[0, 0, 1, 1] += 1
    plain = ForecastMSELoss()
    assert plain(forecast, target, current) == plain(still, target)
    # Changes 4, 0, 0, 0 of mean 1: weights 1 + 4 w and 1, divided by 1 + w.
    weighted = ForecastMSELoss(motion_weight=3.)
    assert weighted(forecast, target, current).item() == pytest.approx(
        (13 / 4) / 8)
    assert weighted(still, target, current).item() == pytest.approx(
        (1 / 4) / 8)
    # Without a frame before, and where nothing moves, all weigh alike.
    assert weighted(still, target).item() == pytest.approx(1 / 8)
    assert weighted(still, target, target).item() == pytest.approx(1 / 8)
