import math

import pytest
import torch
import torch.nn.functional as F

from mmextra.models.task_modules import (
    LocalityAwareScoreAlign,
    lasa_points,
    lasa_scores,
)
from mmextra.models.task_modules import lasa as lasa_module
from tests.helpers import random_rboxes, worked_case

PATTERNS = ['rect9', 'diamond5', 'diamond9', 'diamond13']


def align(score_map, boxes, pattern, stride, offset=0.5, extent=None):
    boxes = torch.as_tensor(boxes, dtype=torch.float32)
    index = torch.zeros(len(boxes), dtype=torch.long)
    points = (torch.zeros(1, 2) if pattern == 'center' else
              lasa_points(pattern, extent))
    return lasa_scores([score_map[None]], boxes, index, index,
                       [(stride, stride)], offset, points)


def field(coefficients, height, width, stride, offset):
    a, b, c, d = coefficients
    y, x = torch.meshgrid(
        (torch.arange(height) + offset) * stride,
        (torch.arange(width) + offset) * stride, indexing='ij')
    return a + b * x + c * y + d * x * y


@pytest.mark.parametrize('pattern', PATTERNS)
def test_patterns_by_hand(pattern):
    case = worked_case('larsd', 'lasa_patterns')

    def ordered(points):
        return sorted([round(x, 4) + 0., round(y, 4) + 0.]
                      for x, y in points)

    assert ordered(lasa_points(pattern).tolist()) == ordered(
        case['expected'][pattern])


def test_diamonds_are_nested():
    five, nine, thirteen = [
        {tuple(p) for p in lasa_points(f'diamond{n}').tolist()}
        for n in (5, 9, 13)]
    assert five < nine < thirteen


@pytest.mark.parametrize('pattern', [*PATTERNS, 'center'])
def test_bilinear_field_by_hand(pattern):
    case = worked_case('larsd', 'lasa_bilinear_field_extent_two_thirds')
    given = case['input']
    score_map = field(given['coef'], *given['map_hw'], given['stride'],
                      given['offset'])
    found = align(score_map, given['boxes'], pattern, given['stride'],
                  given['offset'], given['extent'])
    assert torch.allclose(
        found, torch.tensor(case['expected'][pattern]),
        atol=case['tolerance'])


def test_offset_of_the_stock_anchors():
    """Values that stand at j * stride instead of in the cells' middle."""
    score_map = field((0.1, 0.004, 0.003, 0.0), 16, 16, 4, 0.0)
    found = align(score_map, [[30, 34, 24, 8, 0.3]], 'diamond9', 4, offset=0.)
    assert found.item() == pytest.approx(0.1 + 0.12 + 0.102, abs=1e-6)


@pytest.mark.parametrize('pattern', ['diamond9', 'rect9', 'center'])
def test_border_by_hand(pattern):
    case = worked_case('larsd', 'lasa_border')
    given = case['input']
    found = align(torch.tensor(given['score_map']), given['boxes'], pattern,
                  given['stride'], extent=given['extent'])
    assert torch.allclose(
        found, torch.tensor(case['expected'][pattern]),
        atol=case['tolerance'])


@pytest.mark.parametrize('mode', ['replace', 'geomean'])
def test_reranking_by_hand(mode):
    case = worked_case('larsd', 'lasa_reranks')
    given = case['input']
    score_map = torch.zeros(12, 12)
    score_map[4:8, 2:10] = 0.9
    score_map[5, 4] = 1.0
    index = torch.zeros(2, dtype=torch.long)
    lasa = LocalityAwareScoreAlign('diamond9', given['extent'], mode)
    stride = given['stride']
    found = lasa([score_map[None]],
                 torch.tensor(given['boxes']), torch.tensor(
                     given['raw_scores']), index, index, [(stride, stride)],
                 0.5)
    assert torch.allclose(
        found, torch.tensor(case['expected'][mode]), atol=case['tolerance'])
    assert found[1] > found[0]


def test_each_box_reads_its_own_level_and_channel():
    maps = [torch.full((3, 8, 8), float(i)) for i in range(2)]
    for i, m in enumerate(maps):
        m += torch.arange(3)[:, None, None] * 10 + i * 100
    boxes = random_rboxes(6, extent=30)
    level = torch.tensor([0, 0, 0, 1, 1, 1])
    channel = torch.tensor([0, 1, 2, 2, 1, 0])
    found = lasa_scores(maps, boxes, level, channel, [(4, 4), (8, 8)], 0.5,
                        lasa_points('rect9'))
    assert torch.allclose(
        found, torch.tensor([0., 10, 20, 121, 111, 101]), atol=1e-4)


def test_equals_grid_sample():
    torch.manual_seed(0)
    score_map = torch.rand(1, 20, 28)
    boxes = random_rboxes(200, seed=4, extent=120)
    points = lasa_points('diamond13')
    cos, sin = boxes[:, 4:].cos(), boxes[:, 4:].sin()
    x = points[:, 0] * boxes[:, 2:3] / 2
    y = points[:, 1] * boxes[:, 3:4] / 2
    u = (boxes[:, :1] + x * cos - y * sin) / 4 - 0.5
    v = (boxes[:, 1:2] + x * sin + y * cos) / 4 - 0.5
    grid = torch.stack([(2 * u + 1) / 28 - 1, (2 * v + 1) / 20 - 1], dim=-1)
    expected = F.grid_sample(
        score_map[None], grid[None], align_corners=False,
        padding_mode='border')[0, 0].mean(-1)
    found = align(score_map[0], boxes, 'diamond13', 4)
    assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize('pattern', PATTERNS)
@pytest.mark.parametrize('turns', [1, 2, 3])
def test_same_rectangle_same_score(pattern, turns):
    torch.manual_seed(0)
    score_map = torch.rand(32, 32)
    boxes = random_rboxes(50, seed=2, extent=120)
    turned = boxes.clone()
    turned[:, 4] += turns * math.pi / 2
    if turns % 2:
        turned[:, 2:4] = boxes[:, [3, 2]]
    assert torch.allclose(
        align(score_map, boxes, pattern, 4),
        align(score_map, turned, pattern, 4), atol=1e-4)


@pytest.mark.parametrize('bad, text', [
    (dict(pattern='circle7'), 'circle7'), (dict(extent=1.5), '1.5'),
    (dict(mode='max'), 'max')])
def test_bad_settings_are_named(bad, text):
    with pytest.raises(ValueError, match=text):
        LocalityAwareScoreAlign(**bad)


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_boxes_that_are_not_finite_score_nothing(value):
    maps = [torch.full((1, 4, 4), .5)]
    boxes = torch.tensor([[8., 8., 4., 4., 0.]] * 6)
    for k in range(5):
        boxes[k, k] = value
    zeros = torch.zeros(6, dtype=torch.long)
    for mode in ('replace', 'geomean'):
        aligned = LocalityAwareScoreAlign(mode=mode)(
            maps, boxes, torch.full((6, ), .5), zeros, zeros, [(4, 4)], 0.)
        assert aligned.tolist() == [0, 0, 0, 0, 0, .5]


def test_offsets_of_levels():
    """A linear field is read where its level's offset puts it."""
    maps = [torch.arange(16.).view(1, 4, 4)] * 2
    boxes = torch.tensor([[6., 9., 1e-3, 1e-3, 0.]] * 2)
    found = lasa_scores(
        maps, boxes, torch.tensor([0, 1]), torch.tensor([0, 0]),
        [(4, 4), (8, 8)], [(.25, .5), (0., .125)], lasa_points('diamond5'))
    assert torch.allclose(found, torch.tensor([
        4 * (9 / 4 - .5) + 6 / 4 - .25, 4 * (9 / 8 - .125) + 6 / 8]),
        atol=1e-3)


def test_places_beyond_what_float32_counts():
    # 3 * 4097 * 4099 is odd and beyond 2^24.
    layout, strides, _ = lasa_module._layout(
        ((3, 4097, 4099), (2, 5, 6), (1, 3, 3)), ((4, 4), (8, 8), (16, 16)),
        ((0., 0.), ) * 3, torch.device('cpu'))
    first = 3 * 4097 * 4099
    assert layout.tolist() == [[4097, 4099, 0], [5, 6, first],
                               [3, 3, first + 60]]
    assert strides.tolist() == [[4, 4], [8, 8], [16, 16]]
