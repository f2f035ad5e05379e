import itertools
import json
from pathlib import Path

import pytest
import torch

from mmextra.models.task_modules.prior_generators.anchor_clustering import (
    farthest_first,
    grouped_kmeans,
    kmeans_shapes,
    ratio_similarity,
)

DATA = Path(__file__).parents[2] / 'data'
# What the 600 pairs of kmeans_planted.json were scattered around by 1 %.
PLANTED = [
    [(10, 4), (4, 10), (8, 8), (20, 5), (5, 20)],
    [(30, 12), (12, 30), (24, 24), (50, 14), (14, 50)],
    [(90, 30), (30, 90), (80, 80), (160, 40), (40, 160)],
]


@pytest.fixture
def planted():
    pairs = json.loads((DATA / 'kmeans_planted.json').read_text())
    return torch.tensor(pairs, dtype=torch.float64)


def test_planted_clusters_are_found(planted):
    result = grouped_kmeans(planted, num_groups=3, num_clusters=5)
    for level, expected in zip(result.anchors, PLANTED):
        areas = [w * h for w, h in level]
        assert areas == sorted(areas)
        # Centres of one area may come in either order.
        for pair in zip(sorted(level), sorted(expected)):
            assert pair[0] == pytest.approx(pair[1], rel=0.02)
    assert result.covered == 1
    assert result.mean_iou > 0.98
    # The groups part between the clusters of 100 and 168 and of 700 and
    # 2700 square pixels.
    assert 95 < result.area_ranges[0] < 110
    assert 650 < result.area_ranges[1] < 760


def test_same_boxes_same_anchors_in_any_order(planted):
    order = torch.randperm(600, generator=torch.Generator().manual_seed(0))
    assert grouped_kmeans(planted) == grouped_kmeans(planted[order])


def test_swapped_boxes_give_swapped_anchors(planted):
    straight = grouped_kmeans(planted).anchors
    swapped = grouped_kmeans(planted.flip(1)).anchors
    for level, other in zip(straight, swapped):
        mirrored = sorted((h, w) for w, h in other)
        torch.testing.assert_close(
            torch.tensor(sorted(level)), torch.tensor(mirrored))


def test_start_is_typical_then_farthest():
    # Geometric mean 10 x 10; from (10, 10) the IoU is 1/4 with (20, 20),
    # 1/5 with (50, 4) [40 / (100 + 200 - 40) = .154] and 1/16 with
    # (2.5, 2.5).
    wh = torch.tensor([[10, 10], [20, 20], [50, 4], [2.5, 2.5], [4, 12.5]])
    start = farthest_first(wh, 3)
    assert start.tolist() == [[10, 10], [2.5, 2.5], [50, 4]]


def test_one_cluster_is_the_median_per_axis():
    wh = torch.tensor([[10, 20], [11, 22], [12, 24], [500, 21]])
    centre = kmeans_shapes(wh, 1)
    assert centre.tolist() == [[11.5, 21.5]]


def test_odd_box_does_not_get_a_centre_of_its_own():
    wh = torch.tensor([[10., 10]] * 20 + [[20., 10]] * 20 + [[900., 2]])
    assert farthest_first(wh, 2)[1].tolist() == [900, 2]
    assert kmeans_shapes(wh, 2).tolist() == [[10, 10], [20, 10]]


def test_yolo_style_single_group(planted):
    result = grouped_kmeans(planted, num_groups=1, num_clusters=9)
    assert [len(level) for level in result.anchors] == [9]
    assert result.area_ranges == []
    assert result.group_iou == pytest.approx([result.mean_iou])


def test_coverage_by_hand():
    # One anchor, the median (10, 10): IoU 1 twice and 100 / 400 once.
    result = grouped_kmeans(
        torch.tensor([[10., 10], [10, 10], [20, 20]]), 1, 1)
    assert result.anchors == [[(10, 10)]]
    assert result.mean_iou == pytest.approx((1 + 1 + 0.25) / 3)
    assert result.covered == pytest.approx(2 / 3)


def test_group_boundary_is_the_largest_area_of_the_group():
    wh = torch.tensor([[4., 4], [1, 1], [3, 3], [2, 2]])
    result = grouped_kmeans(wh, num_groups=2, num_clusters=2)
    assert result.area_ranges == [4]
    assert result.anchors == [[(1, 1), (2, 2)], [(3, 3), (4, 4)]]


@pytest.mark.parametrize('bad', [0., -3., float('nan'), float('inf')])
def test_bad_shape_is_named(bad):
    with pytest.raises(ValueError, match=r'shape 1 is \(5\.0, '):
        kmeans_shapes(torch.tensor([[4., 4], [5, bad]]), 1)


def test_too_few_boxes():
    same = torch.ones(10, 2)
    with pytest.raises(ValueError, match='2 clusters of 10 boxes with 1 '):
        kmeans_shapes(same, 2)
    with pytest.raises(ValueError, match='clusters of 0 boxes'):
        kmeans_shapes(torch.zeros(0, 2), 1)
    with pytest.raises(ValueError, match='10 boxes into 11 groups'):
        grouped_kmeans(same, 11, 1)


def test_ratio_similarity_by_hand():
    shapes = torch.tensor([[10., 10.], [40., 5.]])
    wh = torch.tensor([[10., 10.], [20., 5.], [10., 40.]])
    # The worse of the two sides, whichever is the larger.
    assert ratio_similarity(shapes, wh).tolist() == [
        [1, .5, .25], [.25, .5, .125]]


def test_clusters_by_ratio_differ_from_those_by_iou():
    """The thin boxes have a fifth of the large squares by both; a shared
    centre for the small squares costs a half by ratio, three quarters by
    IoU."""
    sides = [(20., 20.)] * 4 + [(100., 20.)] * 3 + [(100., 100.)] * 3 + [
        (10., 10.)] * 5
    wh = torch.tensor(sides, dtype=torch.float64)
    by_ratio = kmeans_shapes(wh, 3, similarity=ratio_similarity)
    assert by_ratio.tolist() == [[10, 10], [100, 20], [100, 100]]
    assert kmeans_shapes(wh, 3).tolist() == [[10, 10], [20, 20], [100, 100]]
    # 11 of the 15 have their shape, 4 a half of one.
    best = ratio_similarity(by_ratio, wh).amax(0).mean().item()
    assert best == pytest.approx(13 / 15)
    # No other three of the shapes do better.
    several = wh.unique(dim=0)
    assert best == max(
        ratio_similarity(several[list(pick)], wh).amax(0).mean().item()
        for pick in itertools.combinations(range(len(several)), 3))
