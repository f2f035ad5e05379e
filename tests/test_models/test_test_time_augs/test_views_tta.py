import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from mmrotate.structures.bbox import RotatedBoxes, qbox2rbox, rbox2qbox

from mmextra.datasets.transforms import QuarterTurn
from mmextra.models.test_time_augs import ViewsTTAModel, undo_view
from mmextra.structures import rotated_iou

HEIGHT, WIDTH = 40, 60
RBOXES = torch.tensor([[20., 12., 16., 6., .4], [45., 30., 8., 10., -1.1]])
VIEWS = [(turns, flip) for turns in range(4)
         for flip in (None, 'horizontal', 'vertical', 'diagonal')]


def view_points(points, turns, flip):
    """Points (n, 2) in the view; written for the picture, pixel by pixel."""
    height, width = HEIGHT, WIDTH
    out = points.clone()
    if flip in ('horizontal', 'diagonal'):
        out[:, 0] = width - out[:, 0]
    if flip in ('vertical', 'diagonal'):
        out[:, 1] = height - out[:, 1]
    for _ in range(turns):
        out = torch.stack([out[:, 1], width - out[:, 0]], 1)
        height, width = width, height
    return out, (height, width)


@pytest.mark.parametrize('turns, flip', VIEWS)
def test_points_move_as_pixels_do(turns, flip):
    # What the next test rests on: the same as numpy does to the image.
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    image[7, 11] = 1
    if flip in ('horizontal', 'diagonal'):
        image = image[:, ::-1]
    if flip in ('vertical', 'diagonal'):
        image = image[::-1]
    turned = QuarterTurn(turns)(dict(
        img=image, img_shape=(HEIGHT, WIDTH), ori_shape=(HEIGHT, WIDTH),
        scale_factor=(1., 1.)))
    y, x = np.argwhere(turned['img'])[0]
    point, shape = view_points(torch.tensor([[11.5, 7.5]]), turns, flip)
    assert point.tolist() == [[x + .5, y + .5]]
    assert turned['img_shape'] == turned['ori_shape'] == shape


@pytest.mark.parametrize('turns, flip', VIEWS)
def test_every_kind_of_box_is_moved_back(turns, flip):
    quads = rbox2qbox(RBOXES)
    points, shape = view_points(quads.reshape(-1, 2), turns, flip)
    moved = points.reshape(-1, 8)
    torch.testing.assert_close(undo_view(moved, shape, turns, flip), quads)
    corners = moved.unflatten(1, (4, 2))
    upright = torch.cat([corners.amin(1), corners.amax(1)], 1)
    expected = quads.unflatten(1, (4, 2))
    expected = torch.cat([expected.amin(1), expected.amax(1)], 1)
    torch.testing.assert_close(
        undo_view(upright, shape, turns, flip), expected)
    back = undo_view(qbox2rbox(moved), shape, turns, flip)
    iou = rotated_iou(back.numpy(), RBOXES.numpy())
    np.testing.assert_allclose(iou.diagonal(), 1, atol=1e-3)


def sample_of(boxes, scores, masks=None, **metas):
    sample = DetDataSample(metainfo=dict(
        img_id=1, ori_shape=(HEIGHT, WIDTH), **metas))
    sample.pred_instances = InstanceData(
        bboxes=boxes, scores=scores,
        labels=torch.zeros(len(scores), dtype=torch.long))
    if masks is not None:
        sample.pred_instances.masks = masks
    return sample


def tta_model(nms, max_per_img=10):
    return ViewsTTAModel(
        tta_cfg=dict(nms=nms, max_per_img=max_per_img),
        module=dict(type='mmdet.RTMDet', backbone=dict(type='mmdet.ResNet',
                                                       depth=18),
                    neck=None, bbox_head=dict(
                        type='mmdet.RetinaHead', num_classes=1,
                        in_channels=4)))


def test_views_of_rotated_boxes_become_one():
    views = []
    for turns, flip in VIEWS:
        points, shape = view_points(
            rbox2qbox(RBOXES).reshape(-1, 2), turns, flip)
        sample = sample_of(
            RotatedBoxes(qbox2rbox(points.reshape(-1, 8))),
            torch.tensor([.5, .9]) - .01 * len(views), flip=flip is not None,
            flip_direction=flip, quarter_turns=turns)
        sample.set_metainfo(dict(ori_shape=shape))
        views.append(sample)
    merged = tta_model(dict(type='nms_rotated', iou_threshold=.1)
                       )._merge_single_sample(views)
    found = merged.pred_instances
    assert isinstance(found.bboxes, RotatedBoxes)
    assert found.scores.tolist() == pytest.approx([.9, .5])
    iou = rotated_iou(found.bboxes.tensor.numpy(), RBOXES.flip(0).numpy())
    np.testing.assert_allclose(iou.diagonal(), 1, atol=1e-3)
    assert merged.ori_shape == (HEIGHT, WIDTH)


def test_masks_stay_with_their_boxes():
    mask = torch.zeros(1, HEIGHT, WIDTH, dtype=torch.bool)
    mask[0, 5:15, 10:30] = True
    box = torch.tensor([[10., 5., 30., 15.]])
    turned = mask.flip(-1).rot90(1, (-2, -1))
    points, shape = view_points(box.reshape(-1, 2), 1, 'horizontal')
    moved = torch.cat([points.amin(0), points.amax(0)])[None]
    second = sample_of(moved, torch.tensor([.8]), turned, flip=True,
                       flip_direction='horizontal', quarter_turns=1)
    second.set_metainfo(dict(ori_shape=shape))
    empty = sample_of(torch.zeros(0, 4), torch.zeros(0),
                      torch.zeros(0, HEIGHT, WIDTH, dtype=torch.bool))
    found = tta_model(dict(type='nms', iou_threshold=.5)
                      )._merge_single_sample([empty, second]).pred_instances
    assert torch.equal(found.masks, mask)
    torch.testing.assert_close(found.bboxes, box)


def test_the_first_view_is_the_image_itself():
    view = sample_of(torch.zeros(0, 4), torch.zeros(0), flip=True,
                     flip_direction='horizontal')
    with pytest.raises(ValueError, match='first view'):
        tta_model(dict(type='nms', iou_threshold=.5)
                  )._merge_single_sample([view])


def test_number_of_turns_is_checked():
    with pytest.raises(ValueError, match='turns must be 0, 1, 2 or 3'):
        QuarterTurn(5)
