import numpy as np
import pytest

from mmextra.evaluation.functional import (
    average_precision,
    class_curves,
    covered_share,
    match_best_gt,
)
from mmextra.evaluation.functional.precision_recall import smooth
from mmextra.structures import box_iou

SQUARE = [0., 0., 10., 10.]


def shifted(*offsets):
    return np.array([[x, 0, 10 + x, 10] for x in offsets], float)


def match(dets, scores, gts, thrs=(.5, ), labels=None, gt_labels=None):
    zeros = np.zeros
    return match_best_gt(
        dets, zeros(len(dets)) if labels is None else np.array(labels),
        np.array(scores), gts,
        zeros(len(gts)) if gt_labels is None else np.array(gt_labels),
        thrs).astype(int).tolist()


def test_iou():
    others = np.array([SQUARE, [5, 0, 15, 10], [10, 0, 20, 10], [3, 3, 3, 3]])
    assert box_iou(SQUARE, others, plus_one=False).tolist() == pytest.approx(
        [1, 1 / 3, 0, 0])


def test_highest_score_owns_the_ground_truth():
    # The second fits better but scores less.
    assert match(shifted(2, 0), [.9, .8], shifted(0)) == [[1], [0]]
    assert match(shifted(2, 0), [.8, .9], shifted(0)) == [[0], [1]]


def test_no_second_choice():
    """COCO would give the loser the other box, which it covers by 0.54."""
    gts = shifted(0, 4)
    dets = shifted(1, 0)
    assert box_iou(dets[:1], gts, plus_one=False).round(2).tolist() == [
        .82, .54]
    assert match(dets, [.8, .9], gts) == [[0], [1]]


def test_winner_may_fail_a_higher_threshold():
    """A detection that won by its score keeps others out everywhere."""
    found = match(shifted(3, 0), [.9, .8], shifted(0), (.5, .75))
    assert found == [[1, 0], [0, 0]]


def test_labels_and_empty_images():
    assert match(shifted(0), [.9], shifted(0), labels=[1]) == [[0]]
    assert match(shifted(0, 1), [.9, .8], shifted(0), labels=[1, 0]) == [
        [0], [1]]
    assert match(shifted(), [], shifted(0)) == []
    assert match(shifted(0), [.9], np.zeros((0, 4))) == [[0]]


def test_average_precision_by_hand():
    recall, precision = np.array([.5, .5, 1.]), np.array([1., .5, 2 / 3])
    assert average_precision(recall, precision, 'area') == pytest.approx(
        .5 + .5 * 2 / 3)
    # Where the curve falls straight down the lower value counts: at the
    # 51st point, and at the last, which is why YOLOv5's best AP is 0.995.
    wanted = .49 + .01 * (1 + 2 / 3) / 2 + .49 * 2 / 3 + .01 * (2 / 3) / 2
    assert average_precision(recall, precision) == pytest.approx(wanted)
    one = np.array([1.])
    assert average_precision(one, one) == pytest.approx(.995)
    assert average_precision(one, one, 'area') == 1


def test_curves_end_where_the_scores_end():
    curves = class_curves(np.array([[True], [False]]), np.array([.8, .4]), 2)
    assert (curves.num_gts, curves.num_dets) == (2, 2)
    # Above all scores: nothing is found, and nothing wrong.
    assert (curves.precision[-1], curves.recall[-1]) == (1, 0)
    assert (curves.precision[0], curves.recall[0]) == (.5, .5)
    assert curves.f1[0] == pytest.approx(.5) and curves.f1[-1] == 0
    empty = class_curves(np.zeros((0, 3), bool), np.zeros(0), 2)
    assert empty.ap.tolist() == [0, 0, 0] and empty.recall.max() == 0


def test_smoothing_keeps_the_mean_of_a_line():
    line = np.linspace(0, 1, 101)
    assert smooth(line, .1)[20:80] == pytest.approx(line[20:80])
    assert len(smooth(line, .1)) == 101


def test_covered_share_counts_a_union():
    regions = np.array([[0, 0, 10, 10], [5, 0, 20, 10], [-5, 90, 5, 200]])
    boxes = np.array([[0, 0, 20, 20], [15, 0, 25, 10], [40, 40, 50, 50],
                      [0, 80, 10, 100], [7.4, 2.4, 7.4, 2.4],
                      [-10, 0, 10, 10]])
    share = covered_share(boxes, regions, (100, 100))
    assert share.tolist() == [.5, .5, 0, .25, 0, .5]
    assert covered_share(np.zeros((0, 4)), regions, (9, 9)).shape == (0, )
