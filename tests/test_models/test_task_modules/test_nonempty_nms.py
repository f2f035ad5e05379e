import torch

from mmextra.models.task_modules import nonempty_nms

NMS = dict(type='nms', iou_threshold=0.75)


def test_order_of_the_steps():
    """Empty boxes neither stay nor take the place of others."""
    boxes = torch.tensor([[50., 10, 50, 90], [10, 10, 20, 20], [5, 40, 30, 40],
                          [10, 10, 20, 20.5], [0, 0, 9, 9]])
    scores = torch.tensor([.9, .5, .8, .6, .1])
    scores = torch.stack([scores, 1 - scores], 1)
    dets, labels, inds = nonempty_nms(boxes, scores, -0.01, NMS, 2)
    assert inds.tolist() == [3, 4] and labels.tolist() == [0, 0]
    assert torch.allclose(dets[:, 4], torch.tensor([.6, .1]))
    assert torch.equal(dets[:, :4], boxes[[3, 4]])
    assert nonempty_nms(boxes, scores, 0.2, NMS, 2)[2].tolist() == [3]


def test_pairs_are_numbered_by_roi_then_class():
    boxes = torch.tensor([[0., 0, 10, 10, 0, 0, 8, 10],
                          [20, 0, 20, 9, 20, 0, 30, 9]])
    scores = torch.tensor([[.3, .6, .1], [.9, .05, .05]])
    dets, labels, inds = nonempty_nms(boxes, scores, -0.01, NMS, -1)
    assert inds.tolist() == [1, 0, 3] and labels.tolist() == [1, 0, 1]
    # Boxes that the classes share
    _, _, inds = nonempty_nms(boxes[:, :4], scores, -0.01, NMS, -1)
    assert inds.tolist() == [1, 0]


def test_nothing_in_nothing_out():
    dets, labels, inds = nonempty_nms(
        torch.zeros(0, 4), torch.zeros(0, 2), -0.01, NMS, 4)
    assert dets.shape == (0, 5) and not len(labels) and not len(inds)
    empty = torch.tensor([[3., 3, 3, 3]])
    dets, _, _ = nonempty_nms(empty, torch.tensor([[.9, .1]]), -1, NMS, 4)
    assert dets.shape == (0, 5)
