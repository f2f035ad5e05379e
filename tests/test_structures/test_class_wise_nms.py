import numpy as np
import pytest
import torch
from mmcv.ops import batched_nms

from mmextra.structures import box_corners, class_wise_nms, rotated_nms
from tests.helpers import random_rboxes

NMS = dict(type='nms_rotated', iou_threshold=0.3)


def instances(n=200, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (random_rboxes(n, seed=seed, extent=200),
            torch.rand(n, generator=generator),
            torch.randint(0, 3, (n, ), generator=generator))


def test_rotated_boxes_go_the_exact_way_on_a_cpu():
    boxes, scores, labels = instances()
    keep, kept_scores = class_wise_nms(boxes, scores, labels, NMS)
    expected = rotated_nms(boxes, scores, labels, 0.3)
    np.testing.assert_array_equal(keep, expected)
    assert torch.equal(kept_scores, scores[keep])
    quads = torch.from_numpy(box_corners(boxes).reshape(-1, 8))
    assert torch.equal(class_wise_nms(
        quads, scores, labels, dict(NMS, type='nms_quadri'))[0], keep)


@pytest.mark.parametrize('shift', [0., -1000.])
def test_mmcvs_kernel_agrees_without_collinear_sides(shift):
    boxes, scores, labels = instances()
    boxes[:, :2] += shift
    keep, kept_scores = class_wise_nms(
        boxes, scores, labels, NMS, exact=False)
    np.testing.assert_array_equal(
        keep, rotated_nms(boxes, scores, labels, 0.3))
    assert torch.equal(kept_scores, scores[keep])


@pytest.mark.parametrize('exact', [True, False])
def test_classes_do_not_meet_below_zero(exact):
    """mmcv's offset alone moves the second onto the first."""
    boxes = torch.tensor([[100., 50., 40., 40., 0.],
                          [-41., -91., 40., 40., 0.]])
    scores, labels = torch.tensor([.9, .8]), torch.tensor([0, 1])
    assert len(batched_nms(boxes, scores, labels, dict(NMS))[1]) == 1
    keep, _ = class_wise_nms(boxes, scores, labels, NMS, exact)
    assert keep.tolist() == [0, 1]


def test_gradients_and_low_precision_are_no_obstacle():
    boxes, scores, labels = instances(50)
    keep, _ = class_wise_nms(boxes.clone().requires_grad_(), scores, labels,
                             NMS)
    assert len(keep)
    low = boxes.bfloat16()
    keep, _ = class_wise_nms(low, scores, labels, NMS)
    np.testing.assert_array_equal(
        keep, rotated_nms(low.float(), scores, labels, 0.3))


def test_soft_suppression_is_refused_for_rotated_boxes():
    with pytest.raises(ValueError, match='soft_nms'):
        class_wise_nms(*instances(3), dict(type='soft_nms', iou_threshold=.3))
