import torch

from mmextra.models.task_modules import (
    cells_in_boxes,
    objectness_loss,
    objectness_target,
)
from tests.helpers import worked_case


def test_largest_score_wins():
    case = worked_case('lcb_yolov5', 'objectness_collision')
    index = torch.tensor(case['index'])
    # As places of a 1 x 3 x 4 map.
    where = (torch.zeros_like(index), index // 4, index % 4)
    scores = torch.tensor(case['scores'])
    for order in ([0, 1, 2], [1, 2, 0], [2, 1, 0]):
        target = objectness_target(
            (1, 3, 4), [part[order] for part in where], scores[order])
        wanted = torch.zeros(12)
        for place, score in case['target'].items():
            wanted[int(place)] = score
        torch.testing.assert_close(target.flatten(), wanted)


def test_cells_of_an_ignored_region():
    case = worked_case('lcb_yolov5', 'objectness_ignore_cells')
    boxes = torch.tensor([case['region'], [0, 0, 5, 3]]).float()
    inside = cells_in_boxes(boxes, torch.tensor([1, 1]), (2, 8, 8), 8)
    assert inside[1].nonzero().tolist() == case['cells']
    assert not inside[0].any()


def test_no_region():
    empty = cells_in_boxes(
        torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), (2, 3, 5), 8)
    assert empty.shape == (2, 3, 5) and not empty.any()


def test_positives_count_in_ignored_cells():
    logits = torch.tensor([[[[0.3, -1., 2., 0.]], [[1., 4., -2., -0.5]]]])
    target = torch.zeros_like(logits)
    positive = tuple(torch.tensor([part]) for part in (0, 1, 0, 2))
    target[positive] = 0.75
    ignored = torch.tensor([[[False, True, True, False]]])
    each = target * (1 + (-logits).exp()).log() + (1 - target) * (
        1 + logits.exp()).log()
    torch.testing.assert_close(
        objectness_loss(logits, target, positive), each.sum() / 8)
    counted = each[..., [0, 3]].sum() + each[0, 1, 0, 2]
    torch.testing.assert_close(
        objectness_loss(logits, target, positive, ignored), counted / 5)
