from fractions import Fraction

import numpy as np
import pytest

from mmextra.structures import box_corners, polygon_area, rotated_iou
from mmextra_runtime.rotated_iou import QuadList, pair_overlaps


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
    rows = np.arange(len(boxes1))
    return pair_overlaps(QuadList(boxes1), rows, QuadList(boxes2), rows)


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


def exact_overlaps(boxes1, boxes2):
    """IoU of pairs in rational arithmetic, by cutting half-planes."""
    def cross(o, a, b):
        return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])

    def area(points):
        return sum(cross(points[0], a, b)
                   for a, b in zip(points, points[1:])) / 2

    ious = []
    for one, two in zip(box_corners(boxes1), box_corners(boxes2)):
        one, two = ([tuple(map(Fraction, p)) for p in box]
                    for box in (one, two))
        one, two = (q if area(q) > 0 else q[::-1] for q in (one, two))
        left = one
        for start, end in zip(two, two[1:] + two[:1]):
            sides = [cross(start, end, p) for p in left]
            cut = []
            for p, q, at, to in zip(left, left[1:] + left[:1], sides,
                                    sides[1:] + sides[:1]):
                if at >= 0:
                    cut.append(p)
                if at * to < 0:
                    share = at / (at - to)
                    cut.append(tuple(
                        a + share * (b - a) for a, b in zip(p, q)))
            left = cut
        common = area(left) if left else 0
        ious.append(float(common / (area(one) + area(two) - common)))
    return np.array(ious)


def adversarial_pairs(rng, n=30):
    """Pairs that differ by nothing, by one side, by a shift along a side or
    by half turns, of all proportions, on a grid and not."""
    boxes = random_boxes(rng, n)
    boxes[::4, 3] = rng.uniform(.01, .2, len(boxes[::4]))
    on_grid = boxes.round() + [0, 0, 1, 1, 0]
    on_grid[:, 4] = rng.integers(-4, 5, n) * np.pi / 4
    boxes = np.concatenate([boxes, on_grid])
    along = np.stack([np.cos(boxes[:, 4]), np.sin(boxes[:, 4])], 1)
    slid = boxes.copy()
    slid[:, :2] += along * boxes[:, 2:3] * rng.choice(
        [.25, .5, 1.], (len(boxes), 1))
    others = [boxes, turn(boxes), boxes + [0, 0, 1, 0, 0],
              boxes + [0, 0, 0, 0, np.pi], boxes + [0, 0, 0, 0, 1e-9],
              slid, boxes[::-1], boxes + rng.normal(0, 3, boxes.shape) * [
                  1, 1, 0, 0, .1]]
    return np.tile(boxes, (len(others), 1)), np.concatenate(others)


def as_quads(boxes):
    """Anticlockwise for once."""
    return box_corners(boxes)[:, ::-1].reshape(-1, 8)


@pytest.mark.parametrize('shift', [0., 7000.])
def test_equals_rational_arithmetic(shift):
    first, second = adversarial_pairs(np.random.default_rng(2))
    first = first + [shift, -shift / 2, 0, 0, 0]
    second = second + [shift, -shift / 2, 0, 0, 0]
    expected = exact_overlaps(first, second)
    assert ((expected > 0.01) & (expected < 0.99)).sum() > 100
    for one in (first, as_quads(first)):
        for two in (second, as_quads(second)):
            np.testing.assert_allclose(
                diagonal_iou(one, two), expected, atol=1e-9)


@pytest.mark.parametrize('kind', ['q', 'r'])
def test_irregular_quads_equal_rational_arithmetic(kind):
    rng = np.random.default_rng(3)
    angles = np.sort(rng.uniform(0, 2 * np.pi, (300, 4)), 1)
    points = np.stack([np.cos(angles), np.sin(angles)], -1) * 30
    quads = (points + rng.uniform(0, 40, (300, 1, 2))).reshape(300, 8)
    others = quads[::-1] if kind == 'q' else random_boxes(rng, 300, 40.)
    expected = exact_overlaps(quads, others)
    assert ((expected > 0.01) & (expected < 0.99)).sum() > 100
    np.testing.assert_allclose(
        diagonal_iou(quads, others), expected, atol=1e-9)


def test_touching_boxes_have_exactly_nothing_in_common():
    square = np.array([[0., 0., 10., 10., 0.]])
    beside = np.array([[10., 3., 10., 10., 0.], [3., -10., 10., 10., 0.],
                       [9., 9., 8., 3., -np.pi / 4],
                       [9., 9., .7, 30., np.pi / 4]])
    for boxes in (beside, box_corners(beside).reshape(-1, 8)):
        assert (rotated_iou(boxes, square, 'iof') == 0).all()
        assert (rotated_iou(square, boxes) == 0).all()


def test_a_small_box_in_a_large_one_keeps_its_digits():
    window = np.array([[0., 0., 20000., 20000.]])
    small = np.array([[19000.3, 17000.7, .1, .02, .3]])
    for box in (small, box_corners(small).reshape(-1, 8)):
        assert rotated_iou(box, window, 'iof')[0, 0] == pytest.approx(
            1, abs=1e-9)


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
