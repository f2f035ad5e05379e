import numpy as np
import pytest
from mmdet.structures.bbox import HorizontalBoxes

from mmextra.datasets.transforms import (
    CropInstance,
    CropResizeInstance,
    square_crop,
)


def results(width, height, *boxes):
    """Red is x and green is y of each pixel."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.arange(width)
    image[..., 1] = np.arange(height)[:, None]
    image[..., 2] = 255
    return dict(img=image, img_path='x.png',
                gt_bboxes=HorizontalBoxes(np.array(boxes, np.float32)))


def test_wide_box_inside():
    # 40 x 20 with 16 pixels left and right: 72 x 72 around y = 100.
    crop = square_crop((50.7, 90.2, 90.9, 110.8), 300, 200)
    assert crop.window == (34, 64, 106, 136)
    assert (crop.side, crop.offset) == (72, (0, 0))


def test_tall_box_at_the_border():
    # Above only 5 pixels are left; to the right the image ends.
    crop = square_crop((90, 5, 100, 65), 100, 200)
    assert crop.side == 81  # 0 to 81
    centre, half = 95, 40.5
    assert crop.window == (int(centre - half), 0, 100, 81)
    assert crop.offset == (int((81 - (100 - 54)) / 2), 0)


def test_picture_and_box_move_together():
    data = results(200, 150, (60.4, 50, 100.4, 70))
    done = CropResizeInstance(16, (144, 144)).transform(data)
    assert done['img'].shape == (144, 144, 3)
    assert done['img_shape'] == (144, 144)
    assert done['scale_factor'] == (2., 2.)
    box = done['gt_bboxes'].tensor[0].numpy()
    # Window from 44 to 116 and 24 to 96, doubled.
    np.testing.assert_allclose(
        box, [2 * (60.4 - 44), 2 * (50 - 24), 2 * (100.4 - 44),
              2 * (70 - 24)], atol=1e-4)
    x, y = int(box[0]), int(box[1])
    np.testing.assert_allclose(done['img'][y, x, :2], [60, 50], atol=1)


def test_box_that_reaches_beyond_the_image():
    """What is in the image counts, not the centre of the whole box."""
    done, same = (CropResizeInstance(16, (92, 92)).transform(
        results(160, 120, box))
        for box in ((100, 100, 300, 300), (100, 100, 160, 120)))
    np.testing.assert_array_equal(done['img'], same['img'])
    assert (done['gt_bboxes'].tensor == same['gt_bboxes'].tensor).all()
    with pytest.raises(ValueError, match='outside of the image of 160 x 120'):
        CropResizeInstance(16, (92, 92)).transform(
            results(160, 120, (170, 10, 190, 30)))


def test_zeros_where_the_image_ends():
    data = results(100, 100, (20, 0, 80, 10))
    done = CropResizeInstance(16, (92, 92)).transform(data)
    # Side 92 from 4 to 96; rows -41 to 51: 51 real rows in the middle.
    assert (done['img'][:20] == 0).all() and (done['img'][20:71, :, 2]
                                              == 255).all()
    assert (done['img'][71:] == 0).all()
    np.testing.assert_allclose(done['gt_bboxes'].tensor[0],
                               [16, 20, 76, 30])


def test_crop_instance():
    done = CropInstance(0.5).transform(results(100, 80, (10, 20, 30, 60)))
    assert done['img'].shape == (80, 40, 3)
    np.testing.assert_allclose(done['gt_bboxes'].tensor[0], [10, 20, 30, 60])
    assert done['img'][0, 0, :2].tolist() == [0, 0]


@pytest.mark.parametrize('kind', [CropInstance, CropResizeInstance])
def test_exactly_one_box_in_the_image(kind):
    with pytest.raises(ValueError, match='instance_wise.*|x.png has 2'):
        kind().transform(results(50, 50, (0, 0, 9, 9), (9, 9, 20, 20)))
    with pytest.raises(ValueError, match='outside of the image'):
        kind().transform(results(50, 50, (80, 80, 90, 99)))


def test_illegal_arguments():
    with pytest.raises(ValueError, match='side'):
        CropResizeInstance(target_size=(320, 240))
    with pytest.raises(ValueError, match='negative'):
        CropInstance(-1)
