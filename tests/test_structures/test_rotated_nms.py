import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmextra.structures import box_corners, rotated_iou, rotated_nms
from tests.test_structures.test_rotated_iou import random_boxes, turn


def plain_greedy(boxes, scores, labels, iou_threshold):
    """One box after the other, each against all that are kept."""
    iou = rotated_iou(boxes, boxes)
    kept = []
    for i in np.argsort(-np.asarray(scores), kind='stable'):
        if all(labels[i] != labels[j] or iou[j, i] <= iou_threshold
               for j in kept):
            kept.append(i)
    return np.array(kept, dtype=np.int64)


def piles(rng, n):
    """Boxes in piles: identical, slivers, turned, shifted, a giant, far
    from the origin on both sides; few different scores, three classes."""
    base = random_boxes(rng, max(n // 8, 1), 150.)
    base[::3, 3] = rng.uniform(.01, .5, len(base[::3]))
    base[::5, :2] += rng.choice([-1e4, 1e4], (len(base[::5]), 2))
    boxes = base[rng.integers(0, len(base), n)]
    kind = rng.integers(0, 5, n)
    boxes[kind == 1] = turn(boxes[kind == 1])
    boxes[kind == 2, 4] += np.pi
    boxes[kind == 3] += rng.normal(0, 1, (n, 5))[kind == 3] * [4, 4, 0, 0, .1]
    if n > 20:
        boxes[rng.integers(n), :4] = [0., 0., 3e4, 3e4]
    return (boxes, rng.integers(0, max(n // 4, 2), n) / n,
            rng.integers(-1, 2, n))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(0, 400),
       iou_threshold=st.sampled_from([0., .0999, .301, .7001]),
       quads=st.booleans())
def test_equals_plain_greedy(seed, n, iou_threshold, quads):
    boxes, scores, labels = piles(
        np.random.default_rng(seed), n // 4 if quads else n)
    if quads:
        boxes = box_corners(boxes).reshape(-1, 8)
    np.testing.assert_array_equal(
        rotated_nms(boxes, scores, labels, iou_threshold),
        plain_greedy(boxes, scores, labels, iou_threshold))


def test_classes_do_not_meet_wherever_they_lie():
    boxes, scores, labels = piles(np.random.default_rng(0), 300)
    keep = rotated_nms(boxes, scores, labels, .1)
    apart = [np.flatnonzero(labels == c)[rotated_nms(
        boxes[labels == c], scores[labels == c], labels[labels == c], .1)]
        for c in np.unique(labels)]
    assert sorted(keep) == sorted(np.concatenate(apart))
    assert 30 < len(keep) < 270


def test_takes_tensors_and_lists():
    boxes, scores, labels = piles(np.random.default_rng(1), 50)
    expected = rotated_nms(boxes, scores, labels, .1)
    np.testing.assert_array_equal(expected, rotated_nms(
        torch.tensor(boxes), torch.tensor(scores), labels.tolist(), .1))


def test_lengths_must_agree():
    boxes = random_boxes(np.random.default_rng(2), 3)
    with pytest.raises(ValueError, match='3 boxes, 2 scores and 3 labels'):
        rotated_nms(boxes, [.1, .2], [0, 0, 0], .1)


def test_keeps_one_of_each_pile():
    boxes = random_boxes(np.random.default_rng(4), 40, spread=4000.)
    apart = rotated_nms(boxes, np.ones(40), np.zeros(40), 0.)
    boxes = boxes[np.sort(apart)]
    n = len(boxes)
    pile = np.concatenate([boxes, turn(boxes), boxes + [0, 0, 1, 0, 0]])
    scores = np.concatenate([np.full(n, .5), np.linspace(.6, .9, n),
                             np.full(n, .4)])
    keep = rotated_nms(pile, scores, np.zeros(3 * n), 0.1)
    np.testing.assert_array_equal(keep, np.arange(n, 2 * n)[::-1])


def test_is_class_wise_at_negative_centres():
    boxes = np.array([[-41., -91., 60, 20, 0.3], [100., 50, 60, 20, 0.3],
                      [-41., -91., 60, 20, 0.3]])
    keep = rotated_nms(boxes, np.array([.3, .9, .5]), np.array([1, 0, 0]),
                       0.1)
    np.testing.assert_array_equal(keep, [1, 2, 0])


def test_is_greedy():
    """The middle one falls to the first, so the third stays."""
    boxes = np.array([[0., 0, 10, 10, 0], [6., 0, 10, 10, 0],
                      [12., 0, 10, 10, 0]])
    scores, labels = np.array([.9, .8, .7]), np.zeros(3)
    np.testing.assert_array_equal(
        rotated_nms(boxes, scores, labels, 0.2), [0, 2])
    np.testing.assert_array_equal(
        rotated_nms(boxes, scores, labels, 0.3), [0, 1, 2])


def test_equals_the_matrix_form():
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
