import numpy as np
import pytest
import torch
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.runner import set_random_seed


def transform(boxes, ignore=None, size=64, **kwargs):
    cfg = dict(type='CenteredRandomAffine', max_rotate_degree=0.,
               max_shear_degree=0., max_translate_ratio=0.,
               scaling_ratio_range=(1., 1.), border=(-16, -16))
    image = np.zeros((size, size, 3), np.uint8)
    for x1, y1, x2, y2 in np.array(boxes, int):
        image[max(y1, 0):y2, max(x1, 0):x2] = 255
    flags = np.zeros(len(boxes), bool) if ignore is None else np.array(ignore)
    return TRANSFORMS.build({**cfg, **kwargs})(dict(
        img=image, img_shape=image.shape[:2],
        gt_bboxes=HorizontalBoxes(torch.tensor(boxes).float().view(-1, 4)),
        gt_bboxes_labels=np.arange(len(boxes)), gt_ignore_flags=flags))


@pytest.mark.parametrize('scale, wanted', [
    (1., [12, 14, 24, 22]), (.5, [14, 15, 20, 19]), (2., [8, 12, 32, 28])])
def test_scales_around_the_centre(scale, wanted):
    """The centre of 64 x 64 becomes that of 32 x 32; the pixels follow."""
    results = transform([[28, 30, 40, 38]], scaling_ratio_range=(scale, scale))
    assert results['img'].shape == (32, 32, 3)
    assert results['gt_bboxes'].tensor.tolist() == [wanted]
    rows, cols = np.nonzero(results['img'][..., 0] > 127)
    found = [cols.min(), rows.min(), cols.max() + 1, rows.max() + 1]
    np.testing.assert_allclose(found, wanted, atol=1)


def test_boxes_that_are_hardly_seen():
    # The output shows 16 to 48. Of the boxes 100, 25, 5 and 5 percent.
    boxes = [[20, 20, 40, 40], [4, 20, 20, 30], [6, 20, 16.5, 30],
             [6, 20, 16.5, 30], [0, 0, 8, 8]]
    results = transform(boxes, [False, False, False, True, False])
    assert results['gt_bboxes_labels'].tolist() == [0, 1, 3]
    assert results['gt_ignore_flags'].tolist() == [False, False, True]
    assert results['gt_bboxes'].tensor[1].tolist() == [0, 4, 4, 14]
    results = transform(boxes[:4], min_visible=0.)
    assert results['gt_bboxes_labels'].tolist() == [0, 1, 2, 3]


def test_no_boxes():
    results = transform(np.zeros((0, 4)).tolist())
    assert len(results['gt_bboxes']) == 0


def test_translation_is_a_share_of_the_output():
    seen = []
    for seed in range(40):
        set_random_seed(seed)
        box = transform([[31, 31, 33, 33]], max_translate_ratio=.25)[
            'gt_bboxes'].tensor
        seen.append((box[0, :2] + 1 - 16).tolist())
    seen = np.abs(seen)
    assert 6 < seen.max() <= 8 and seen.min() < 1


def test_illegal_share():
    with pytest.raises(ValueError, match='min_visible must be 0 to 1'):
        transform([[0, 0, 1, 1]], min_visible=2)
