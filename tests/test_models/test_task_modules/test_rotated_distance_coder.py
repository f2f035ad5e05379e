import math

import numpy as np
import pytest
import torch
from mmrotate.structures.bbox import RotatedBoxes, rbox2qbox

from mmextra.models.task_modules.coders import (
    RotatedDistanceCoder,
    both_descriptions,
    distance2rbox,
    norm_angle_45,
    rbox2distance,
)
from mmextra.structures import rotated_iou
from tests.helpers import random_rboxes, worked_case


def test_norm_angle_45_by_hand():
    case = worked_case('larsd', 'normalize_angle')
    boxes = torch.tensor(case['input']['boxes'])
    assert torch.allclose(
        norm_angle_45(boxes), torch.tensor(case['expected']['boxes']),
        atol=case['tolerance'])


def test_norm_angle_45_is_idempotent_and_keeps_the_rectangle():
    boxes = random_rboxes(2000, seed=1)
    boxes[:, 4] *= 3
    normed = norm_angle_45(boxes)
    assert (normed[:, 4] <= math.pi / 4 + 1e-6).all()
    assert (normed[:, 4] > -math.pi / 4 - 1e-6).all()
    assert torch.allclose(norm_angle_45(normed), normed)
    corners = [rbox2qbox(b).view(-1, 4, 2) for b in (boxes, normed)]
    gaps = torch.cdist(*corners).amin(-1)
    assert gaps.max() < 1e-2


def test_first_corner_has_lowest_coordinate_sum():
    boxes = norm_angle_45(random_rboxes(500, seed=2))
    cx, cy, w, h, angle = boxes.unbind(-1)
    xs, ys = torch.tensor([-1., 1, 1, -1]), torch.tensor([-1., -1, 1, 1])
    x, y = xs * w[:, None] / 2, ys * h[:, None] / 2
    cos, sin = angle.cos()[:, None], angle.sin()[:, None]
    sums = (cx + cy)[:, None] + x * cos - y * sin + x * sin + y * cos
    assert (sums.argmin(-1) == 0).all()


def test_distances_by_hand():
    case = worked_case('larsd', 'encode_distances')
    distances, angles = rbox2distance(
        torch.tensor(case['input']['points'], dtype=torch.float32),
        torch.tensor(case['input']['boxes']))
    found = torch.cat([distances, angles[:, None]], dim=-1)
    assert torch.allclose(
        found, torch.tensor(case['expected']['d_theta']),
        atol=case['tolerance'])


def test_distances_of_the_centre_are_half_the_sides():
    distances, angle = rbox2distance(
        torch.tensor([[10., 20.]]), torch.tensor([[10., 20., 8., 4., 0.]]))
    assert distances.tolist() == [[2., 4., 2., 4.]]
    assert angle.tolist() == [0.]


def test_round_trip_by_hand():
    case = worked_case('larsd', 'roundtrip')
    points = torch.tensor(case['input']['points'], dtype=torch.float32)
    boxes = torch.tensor(case['input']['boxes'])
    found = distance2rbox(points, *rbox2distance(points, boxes))
    assert torch.allclose(
        found, torch.tensor(case['expected']['boxes']),
        atol=case['tolerance'])


def test_coder_round_trip_on_random_boxes():
    boxes = random_rboxes(500, seed=3)
    coder = RotatedDistanceCoder()
    priors = torch.cat([
        boxes[:, :2] + torch.rand(500, 2) - 0.5,
        torch.rand(500, 2) * 60 + 5,
        torch.zeros(500, 1)
    ], dim=-1)
    decoded = coder.decode(priors, coder.encode(priors, boxes))
    assert isinstance(decoded, RotatedBoxes)
    wanted = norm_angle_45(boxes)
    inner = wanted[:, 4].abs() < math.pi / 4 * 0.999
    assert inner.sum() > 450
    assert torch.allclose(decoded.tensor[inner], wanted[inner], atol=2e-2)


def test_anchor_free_decode_by_hand():
    case = worked_case('larsd', 'anchor_free_decode')
    base = float(case['input']['base'])
    prior = torch.tensor([[*map(float, case['input']['point']), base, base,
                           0.]])
    raw = torch.tensor(case['input']['raw'])
    decoded = RotatedDistanceCoder().decode(prior.expand(len(raw), 5), raw)
    assert torch.allclose(
        decoded.tensor, torch.tensor(case['expected']['boxes']).float(),
        atol=case['tolerance'])


def test_extreme_predictions_stay_finite_with_finite_gradients():
    raw = torch.tensor([[50., -50., 50., -50., 50.]], requires_grad=True)
    decoded = RotatedDistanceCoder().decode(
        torch.tensor([[8., 8., 16., 16., 0.]]), raw).tensor
    decoded.sum().backward()
    assert torch.isfinite(decoded).all()
    assert torch.isfinite(raw.grad).all()
    assert decoded[0, 4].item() == pytest.approx(math.pi / 4)


def test_both_descriptions_are_the_same_rectangle():
    boxes = random_rboxes(200, seed=3)
    described, owner = both_descriptions(boxes, math.radians(10))
    assert torch.equal(described[:200], norm_angle_45(boxes))
    assert torch.equal(owner[:200], torch.arange(200))
    near = norm_angle_45(boxes)[:, 4].abs() > math.radians(35)
    assert 10 < near.sum() < 190
    assert torch.equal(owner[200:], near.nonzero().flatten())
    assert described[:, 4].abs().max() < math.radians(55)
    iou = rotated_iou(described[200:].double().numpy(),
                      boxes[owner[200:]].double().numpy()).diagonal()
    np.testing.assert_allclose(iou, 1, atol=1e-4)
    alone, owner = both_descriptions(boxes, 0.)
    assert len(alone) == len(owner) == 200


@pytest.mark.parametrize('overlap', [0., 10., 30.])
def test_round_trip_with_overlap(overlap):
    coder = RotatedDistanceCoder(overlap=overlap)
    boxes = norm_angle_45(random_rboxes(50, seed=1))
    priors = torch.cat([boxes[:, :2], torch.full((50, 2), 16.),
                        torch.zeros(50, 1)], dim=1)
    decoded = coder.decode(priors, coder.encode(priors, boxes)).tensor
    assert torch.allclose(decoded, boxes, atol=2e-2)
    extreme = coder.decode(priors[:1], torch.full((1, 5), 50.)).tensor
    assert math.degrees(extreme[0, 4]) == pytest.approx(45 + overlap)


@pytest.mark.parametrize('overlap', [-1, 45, 90])
def test_bad_overlap_is_named(overlap):
    with pytest.raises(ValueError, match=r'overlap must be in \[0, 45\)'):
        RotatedDistanceCoder(overlap=overlap)
