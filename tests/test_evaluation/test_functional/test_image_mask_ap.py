import numpy as np
import pytest

from mmextra.evaluation.functional.image_mask_ap import (
    image_average_precision,
)


def ap(ious, scores, thrs, labels=None, gt_labels=None, strict=True):
    ious = np.asarray(ious, float)
    labels = [0] * len(scores) if labels is None else labels
    gts = [0] * ious.shape[1] if gt_labels is None else gt_labels
    return image_average_precision(
        ious, np.array(scores), np.array(labels), np.array(gts), thrs, strict)


def test_threshold_is_exceeded_or_reached():
    assert ap([[.6]], [.9], [.5, .6]).tolist() == [1, 0]
    assert ap([[.6]], [.9], [.5, .6], strict=False).tolist() == [1, 1]


def test_precision_is_made_non_increasing():
    # Miss, hit, hit: precision 0, 1/2, 2/3 becomes 2/3 at both steps.
    ious = [[0, 0], [.9, 0], [0, .9]]
    assert ap(ious, [.9, .8, .7], [.5])[0] == pytest.approx(2 / 3)
    # Two thirds of three ground truths are never found.
    ious = [[.9, 0, 0], [0, 0, 0]]
    assert ap(ious, [.9, .8], [.5])[0] == pytest.approx(1 / 3)


def test_one_detection_is_one_hit():
    assert ap([[.9, .9]], [.9], [.5])[0] == pytest.approx(1 / 2)


def test_order_of_the_detections_does_not_matter():
    rng = np.random.default_rng(0)
    ious, scores = rng.random((6, 3)), rng.random(6)
    labels, gts = rng.integers(0, 2, 6), np.array([0, 1, 1])
    want = ap(ious, scores, [.5, .75], labels, gts)
    turn = rng.permutation(6)
    got = ap(ious[turn], scores[turn], [.5, .75], labels[turn], gts)
    assert np.allclose(got, want)
