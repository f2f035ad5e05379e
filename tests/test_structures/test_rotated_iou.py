import numpy as np
import pytest

from mmextra.structures import (
    box_corners,
    polygon_area,
    rotated_iou,
    rotated_nms,
)


def random_boxes(rng, n, spread=100.):
    return np.stack([
        rng.uniform(0, spread, n),
        rng.uniform(0, spread, n),
        rng.uniform(2, 80, n),
        rng.uniform(2, 80, n),
        rng.uniform(-7, 7, n)
    ], 1)


def turn(boxes):
    """The same rectangles, written with the other side as the width."""
    cx, cy, w, h, t = boxes.T
    return np.stack([cx, cy, h, w, t + np.pi / 2], 1)


def diagonal_iou(boxes1, boxes2):
    return np.array([
        rotated_iou(a[None], b[None])[0, 0] for a, b in zip(boxes1, boxes2)
    ])


def test_corners_are_clockwise_on_the_image():
    corners = box_corners(np.array([[10., 20., 8., 4., np.pi / 2]]))[0]
    np.testing.assert_allclose(
        corners, [[12, 16], [12, 24], [8, 24], [8, 16]], atol=1e-12)
    assert polygon_area(corners[None])[0] == pytest.approx(32)
    assert polygon_area(corners[None, ::-1])[0] == pytest.approx(-32)


@pytest.mark.parametrize('box2,expected', [
    ([5., 0., 10., 10., 0.], 1 / 3),
    ([0., 0., 10., 10., np.pi / 4], 2 * (2**0.5 - 1) /
     (2 - 2 * (2**0.5 - 1))),
    ([0., 0., 4., 5., 0.], 0.2),
    ([10., 0., 10., 10., 0.], 0.),
    ([30., 0., 10., 10., 0.3], 0.),
    ([0., 0., 0., 10., 0.], 0.),
])
def test_by_hand(box2, expected):
    """The octagon common to a square and itself turned by 45 degrees has
    2 (sqrt 2 - 1) of the square's area."""
    iou = rotated_iou(np.array([[0., 0., 10., 10., 0.]]), np.array([box2]))
    assert iou[0, 0] == pytest.approx(expected, abs=1e-12)


def test_iof_divides_by_the_first_box():
    small, large = np.array([[0., 0, 4, 4, 0]]), np.array([[2., 0, 8, 8, 0]])
    assert rotated_iou(small, large, 'iof')[0, 0] == 1.
    assert rotated_iou(large, small, 'iof')[0, 0] == 0.25
    with pytest.raises(ValueError, match='giou'):
        rotated_iou(small, large, 'giou')


def test_same_box_written_differently_is_one():
    rng = np.random.default_rng(0)
    boxes = random_boxes(rng, 500, spread=7000.)
    half_turn = boxes + [0, 0, 0, 0, np.pi]
    for other in (boxes, half_turn, turn(boxes)):
        np.testing.assert_allclose(
            diagonal_iou(boxes, other), 1., atol=1e-9)


def test_collinear_edges():
    """Same centre and angle, one pixel wider: IoU is w / (w + 1)."""
    boxes = random_boxes(np.random.default_rng(1), 500)
    wider = boxes + [0, 0, 1, 0, 0]
    np.testing.assert_allclose(
        diagonal_iou(boxes, wider), boxes[:, 2] / (boxes[:, 2] + 1),
        atol=1e-9)
    # Slid along the long axis by a quarter of it.
    along = np.stack([np.cos(boxes[:, 4]), np.sin(boxes[:, 4])], 1)
    slid = boxes.copy()
    slid[:, :2] += along * boxes[:, 2:3] / 4
    np.testing.assert_allclose(diagonal_iou(boxes, slid), 0.6, atol=1e-9)


def test_against_shapely():
    geometry = pytest.importorskip('shapely.geometry')
    rng = np.random.default_rng(2)
    boxes = random_boxes(rng, 60)
    on_grid = boxes.round()
    on_grid[:, 4] = rng.integers(-4, 5, 60) * np.pi / 4
    mixed = np.concatenate(
        [boxes, on_grid, boxes + [0, 0, 1, 0, 0], turn(on_grid)])
    shapes = [geometry.Polygon(c) for c in box_corners(mixed)]
    expected = np.array([[
        a.intersection(b).area / (a.area + b.area - a.intersection(b).area)
        for b in shapes[::4]
    ] for a in shapes])
    assert ((expected > 0.01) & (expected < 0.99)).sum() > 1000
    ours = rotated_iou(mixed, mixed[::4])
    np.testing.assert_allclose(ours, expected, atol=1e-9)
    # Far from the origin, and as quadrilaterals of either orientation.
    far = mixed + [7000, 3500, 0, 0, 0]
    np.testing.assert_allclose(
        rotated_iou(far, far[::4]), expected, atol=1e-9)
    quads = box_corners(mixed)[::4, ::-1].reshape(-1, 8)
    np.testing.assert_allclose(
        rotated_iou(mixed, quads), expected, atol=1e-9)


def test_irregular_quads_against_shapely():
    geometry = pytest.importorskip('shapely.geometry')
    rng = np.random.default_rng(3)
    angles = np.sort(rng.uniform(0, 2 * np.pi, (80, 4)), 1)
    points = np.stack([np.cos(angles), np.sin(angles)], -1) * 30
    quads = (points + rng.uniform(0, 40, (80, 1, 2))).reshape(80, 8)
    shapes = [geometry.Polygon(q.reshape(4, 2)) for q in quads]
    expected = np.array([[
        a.intersection(b).area / a.union(b).area for b in shapes
    ] for a in shapes])
    np.testing.assert_allclose(rotated_iou(quads, quads), expected, atol=1e-9)


def test_horizontal_boxes_and_empty_lists():
    boxes = np.array([[0., 0., 10., 10.]])
    assert rotated_iou(boxes, np.array([[5., 5., 10., 10., 0.]]))[0, 0] == 1.
    assert rotated_iou(boxes, np.zeros((0, 5))).shape == (1, 0)
    assert rotated_iou(np.zeros((0, 5)), boxes).shape == (0, 1)


def test_refuses_what_it_cannot_measure():
    box = np.array([[0., 0., 10., 10., 0.]])
    with pytest.raises(ValueError, match=r'\(1, 6\)'):
        rotated_iou(box, np.zeros((1, 6)))
    broken = np.array([[0., 0, 1, 1, 0], [0., np.nan, 1, 1, 0]])
    with pytest.raises(ValueError, match='boxes1 has 1 .* row 1'):
        rotated_iou(broken, box)
    dart = np.array([[0., 0., 10., 0., 2., 2., 0., 10.]])
    with pytest.raises(ValueError, match='not convex.*qbox2rbox'):
        rotated_iou(box, dart)


def test_nms_keeps_one_of_each_pile():
    boxes = random_boxes(np.random.default_rng(4), 40, spread=4000.)
    apart = rotated_nms(boxes, np.ones(40), np.zeros(40), 0.)
    boxes = boxes[np.sort(apart)]
    n = len(boxes)
    pile = np.concatenate([boxes, turn(boxes), boxes + [0, 0, 1, 0, 0]])
    scores = np.concatenate([np.full(n, .5), np.linspace(.6, .9, n),
                             np.full(n, .4)])
    keep = rotated_nms(pile, scores, np.zeros(3 * n), 0.1)
    np.testing.assert_array_equal(keep, np.arange(n, 2 * n)[::-1])


def test_nms_is_class_wise_at_negative_centres():
    boxes = np.array([[-41., -91., 60, 20, 0.3], [100., 50, 60, 20, 0.3],
                      [-41., -91., 60, 20, 0.3]])
    keep = rotated_nms(boxes, np.array([.3, .9, .5]), np.array([1, 0, 0]),
                       0.1)
    np.testing.assert_array_equal(keep, [1, 2, 0])


def test_nms_is_greedy():
    """The middle one falls to the first, so the third stays."""
    boxes = np.array([[0., 0, 10, 10, 0], [6., 0, 10, 10, 0],
                      [12., 0, 10, 10, 0]])
    scores, labels = np.array([.9, .8, .7]), np.zeros(3)
    np.testing.assert_array_equal(
        rotated_nms(boxes, scores, labels, 0.2), [0, 2])
    np.testing.assert_array_equal(
        rotated_nms(boxes, scores, labels, 0.3), [0, 1, 2])


def test_nms_equals_the_matrix_form():
    rng = np.random.default_rng(5)
    boxes = random_boxes(rng, 400, spread=300.)
    scores, labels = rng.permutation(400) / 400, rng.integers(0, 2, 400)
    iou = rotated_iou(boxes, boxes)
    expected = []
    for i in np.argsort(-scores):
        if all(labels[i] != labels[j] or iou[i, j] <= 0.3 for j in expected):
            expected.append(i)
    assert 50 < len(expected) < 350
    np.testing.assert_array_equal(
        rotated_nms(boxes, scores, labels, 0.3), expected)
    assert len(rotated_nms(np.zeros((0, 5)), [], [], 0.1)) == 0
