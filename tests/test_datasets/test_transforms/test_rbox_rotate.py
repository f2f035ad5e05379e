import math

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmrotate.registry import TRANSFORMS
from mmrotate.structures.bbox import RotatedBoxes

from mmextra.datasets.transforms import RBoxRotate, visible_fraction

SHAPE = (100, 100)


def sample(boxes, ignored=None):
    boxes = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 5)
    return dict(
        img=np.zeros((*SHAPE, 3), np.uint8),
        img_shape=SHAPE,
        gt_bboxes=RotatedBoxes(boxes),
        gt_bboxes_labels=np.arange(len(boxes)),
        gt_ignore_flags=np.array(ignored or [False] * len(boxes)))


def turned(boxes, degrees):
    """The boxes turned about the middle of the image, by hand."""
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    out = []
    for cx, cy, w, h, own in boxes:
        x, y = cx - 50, cy - 50
        out.append([50 + x * cos - y * sin, 50 + x * sin + y * cos, w, h,
                    own + angle])
    return torch.tensor(out)


# At 45 degrees the corner (96, 6) comes to lie outside; (82, 50) stays.
BOXES = [(50, 50, 30, 8, 0.2),     # inside
         (85, 15, 24, 8, -0.79),   # its centre lies in the corner: gone out
         (80, 20, 50, 8, 2.356),   # a long one that reaches into the image
         (4, 50, 40, 6, 0.),       # seen by 0.6 before
         (50, 20, 10, 5, 0.)]      # inside, but ignored before


@pytest.mark.parametrize('degrees', [0, 20, 45, 90, -130])
def test_boxes_are_sorted_by_what_is_seen_of_them(degrees):
    given = sample(BOXES, [False] * 4 + [True])
    results = RBoxRotate(degrees)(given)
    boxes = turned(BOXES, degrees)
    fraction = visible_fraction(RotatedBoxes(boxes), SHAPE)
    kept = np.flatnonzero(fraction > 0)
    assert results['gt_bboxes_labels'].tolist() == kept.tolist()
    assert results['gt_ignore_flags'].tolist() == [
        bool(fraction[k] < 0.7 or k == 4) for k in kept]
    np.testing.assert_allclose(
        visible_fraction(results['gt_bboxes'], SHAPE), fraction[kept],
        atol=1e-4)


def test_stock_rotation_forgets_what_is_kept_here():
    """A ship of which 0.45 is in the image: the stock filter leaves its
    pixels behind as background."""
    init_default_scope('mmrotate')
    box = [(97, 50, 40, 8, math.pi / 2)]
    stock = TRANSFORMS.build(dict(type='Rotate', rotate_angle=30))
    assert len(stock(sample([(97, 20, 60, 8, 0.)]))['gt_bboxes']) == 0
    ours = TRANSFORMS.build(dict(type='RBoxRotate', rotate_angle=30))
    results = ours(sample([(97, 20, 60, 8, 0.)]))
    assert results['gt_ignore_flags'].tolist() == [True]
    # And what is seen by more than 0.7 is a positive.
    results = RBoxRotate(0, min_visible=0.5)(sample(box))
    assert results['gt_ignore_flags'].tolist() == [False]


def test_random_rotation_of_the_host_takes_it():
    init_default_scope('mmrotate')
    step = TRANSFORMS.build(dict(
        type='RandomRotate', prob=1., rotate_type='RBoxRotate',
        min_visible=0.5, img_border_value=(104, 116, 124)))
    assert isinstance(step.rotate, RBoxRotate)
    assert step.rotate.min_visible == 0.5
    step.rotate.rotate_angle = 45
    img = RBoxRotate(45, img_border_value=(104, 116, 124))(sample([]))['img']
    assert img[0, 0].tolist() == [104, 116, 124]
    assert len(step(sample(BOXES))['gt_bboxes']) > 0


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match='min_visible must be in'):
        RBoxRotate(10, min_visible=0.)
    with pytest.raises(ValueError, match='does not sort masks'):
        RBoxRotate(10)._filter_invalid(
            dict(sample(BOXES), gt_masks=object()))
