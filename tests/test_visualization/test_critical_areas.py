import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmextra.visualization import (
    predicted_masks,
    roi_rows,
    score_area,
    score_map,
    top_areas,
)


def test_scores_and_areas_by_rank():
    rows = np.array([[.2, 0, 0, 10, 20], [.9, 5, 5, 6, 8], [.5, 0, 0, 4, 4]])
    scores, areas = score_area(rows)
    assert scores.tolist() == [.9, .5, .2] and areas.tolist() == [3, 16, 200]
    assert score_area(rows, 1).areas.tolist() == [3]
    assert len(score_area(rows[:0]).scores) == 0


def test_rois_of_a_sample():
    sample = DetDataSample()
    sample.pred_instances = InstanceData(
        bboxes=torch.tensor([[0., 0, 4, 5], [1., 1, 2, 3]]),
        scores=torch.tensor([.75, .25]), labels=torch.tensor([0, 0]))
    assert roi_rows(sample).tolist() == [[.75, 0, 0, 4, 5], [.25, 1, 1, 2, 3]]
    assert [each['area'] for each in top_areas(sample)] == [20, 2]
    assert top_areas(sample)[1]['bbox'] == [1, 1, 2, 3]


def test_largest_logit_counts_where_boxes_overlap():
    logits = torch.stack([torch.full((28, 28), 2.), torch.full((28, 28), -5.)])
    boxes = torch.tensor([[2., 2, 8, 8], [5., 5, 14, 12]])
    found = score_map(logits, boxes, 16, 20)
    assert found.shape == (16, 20) and found.dtype == np.float32
    assert np.allclose(found[3:7, 3:7], 2)
    # In the second box alone, and outside of both: the smallest
    assert np.allclose(found[9:11, 9:13], -5)
    assert found.min() == found[0, 0] == found[15, 19]
    assert found[6, 6] == 2


def test_a_map_of_a_slope():
    """Logits are resized to the box, not to the image."""
    ramp = torch.linspace(0, 27, 28).repeat(28, 1)[None]
    found = score_map(ramp, torch.tensor([[10., 4, 66, 60]]), 64, 80)
    # Two pixels per logit
    assert np.allclose(found[30, 12:64], (np.arange(12, 64) - 10.5) / 2,
                       atol=1e-4)
    assert (score_map(ramp[:0], torch.zeros(0, 4), 3, 4) == 0).all()


def test_masks_of_a_map():
    """Where the mask is probable, and in no place outside of a box."""
    logits = torch.stack([torch.full((28, 28), 3.), torch.full((28, 28), .5)])
    boxes = torch.tensor([[2., 2, 8, 8], [5., 5, 14, 12]])
    scores = score_map(logits, boxes, 16, 20)
    # All values are above 0, also those that fill the rest.
    found = predicted_masks(scores, boxes.numpy())
    expected = np.zeros((16, 20), bool)
    expected[2:8, 2:8] = expected[5:12, 5:14] = True
    assert np.array_equal(found, expected)
    # A probability of 0.9 is a logit of 2.2.
    expected[:] = False
    expected[2:8, 2:8] = True
    assert np.array_equal(
        predicted_masks(scores, boxes.numpy(), .9), expected)
    assert not predicted_masks(scores, np.zeros((0, 4))).any()
