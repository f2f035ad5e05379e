import math
import warnings

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmrotate.registry import DATASETS, TRANSFORMS
from mmrotate.structures.bbox import RotatedBoxes

from mmextra.datasets.transforms import RBoxRandomCrop, visible_fraction
from tests.helpers import TOOLS

CONFIGS = TOOLS.parent / 'configs'
SHAPE = (100, 100)


def crop_at(x, y, **kwargs):
    """A crop of 40 x 30 (width, height) at a fixed place."""
    transform = RBoxRandomCrop((40, 30), **kwargs)
    transform._rand_offset = lambda margin: (y, x)
    return transform


def sample(boxes, ignored=None):
    boxes = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 5)
    y, x = np.mgrid[:SHAPE[0], :SHAPE[1]]
    return dict(
        img=np.stack([x, y, 0 * x], 2).astype(np.uint8),
        img_shape=SHAPE,
        gt_bboxes=RotatedBoxes(boxes),
        gt_bboxes_labels=np.arange(len(boxes)),
        gt_ignore_flags=np.array(ignored or [False] * len(boxes)))


@pytest.mark.parametrize('box,expected', [
    ((20, 20, 10, 4, 0.7), 1.),
    ((0, 20, 10, 4, 0), 0.5),
    ((0, 20, 10, 4, math.pi / 2), 0.5),
    ((-3, 20, 10, 4, 0), 0.2),
    ((-6, 20, 10, 4, 0), 0.),
    ((0, 0, 8, 8, math.pi / 4), 0.25),
    ((40, 30, 6, 2, 0), 0.25),
    # Wider than the image: only the middle is seen.
    ((20, 15, 80, 10, 0), 0.5),
])
def test_visible_fraction(box, expected):
    boxes = RotatedBoxes(torch.tensor([box], dtype=torch.float32))
    np.testing.assert_allclose(
        visible_fraction(boxes, (30, 40)), [expected], atol=1e-6)


def test_no_boxes():
    assert visible_fraction(RotatedBoxes(torch.zeros(0, 5)), SHAPE).shape == (
        0, )


def test_keep_ignore_drop():
    # Crop [50, 90) x [60, 90).
    boxes = [(70, 75, 20, 6, 0.4),   # inside
             (53, 75, 10, 6, 0.),    # 0.8 seen
             (52, 75, 10, 6, 0.),    # exactly 0.7 seen
             (51, 75, 10, 6, 0.),    # 0.6 seen
             (48, 75, 10, 6, 0.),    # 0.3 seen, centre outside
             (40, 75, 10, 6, 0.),    # gone
             (70, 75, 10, 6, 0.)]    # inside, but ignored before
    results = crop_at(50, 60)(sample(boxes, [False] * 6 + [True]))
    assert results['gt_bboxes_labels'].tolist() == [0, 1, 2, 3, 4, 6]
    assert results['gt_ignore_flags'].tolist() == [
        False, False, False, True, True, True
    ]
    np.testing.assert_allclose(
        results['gt_bboxes'].tensor[0].numpy(), [20, 15, 20, 6, .4],
        atol=1e-5)
    np.testing.assert_allclose(
        results['gt_bboxes'].tensor[4].numpy(), [-2, 15, 10, 6, 0],
        atol=1e-5)
    assert results['img_shape'] == (30, 40)
    assert results['img'][0, 0].tolist() == [50, 60, 0]


def test_matrix_is_chained():
    before = np.array([[2, 0, 5], [0, 2, 7], [0, 0, 1]], np.float32)
    results = dict(sample([(70, 75, 20, 6, 0)]), homography_matrix=before)
    matrix = crop_at(50, 60)(results)['homography_matrix']
    np.testing.assert_allclose(matrix, [[2, 0, -45], [0, 2, -53], [0, 0, 1]])


@pytest.mark.parametrize('box,ignored', [((10, 10, 10, 4, 0), False),
                                         ((48, 75, 10, 4, 0), False),
                                         ((70, 75, 10, 4, 0), True)])
def test_negative_crop(box, ignored):
    assert crop_at(50, 60)(sample([box], [ignored])) is None
    results = crop_at(
        50, 60, allow_negative_crop=True)(sample([box], [ignored]))
    assert results['gt_ignore_flags'].tolist() == [True] * (box[0] > 10)


def test_empty_image():
    for allowed in (False, True):
        results = crop_at(0, 0, allow_negative_crop=allowed)(sample([]))
        assert len(results['gt_bboxes']) == 0
        assert results['gt_bboxes_labels'].shape == (0, )
        assert results['img'].shape == (30, 40, 3)


@pytest.mark.parametrize('name', [
    'larsd/hrsc2016', 'larsd/hrsd', 'larsd/synthetic', 'larsd/marina'])
def test_backgrounds_are_trained_on_if_asked(tmp_path, name):
    """``filter_empty_gt=False`` alone gives every image of the list."""
    folder = tmp_path / 'labelTxt'
    for each in (tmp_path / 'images', folder):
        each.mkdir()
    for k in range(3):
        cv2.imwrite(str(tmp_path / f'images/{k}.png'),
                    np.full((200, 200, 3), 40 * k, np.uint8))
        (folder / f'{k}.txt').write_text(
            '60 60 140 60 140 90 60 90 ship 0\n' if k == 1 else '')
    (tmp_path / 'list.txt').write_text('0\n1\n2\n')
    cfg = Config.fromfile(CONFIGS / f'{name}.py')
    init_default_scope('mmrotate')
    pipeline = cfg.train_dataloader.dataset.pipeline
    data = DATASETS.build(dict(
        type='HRSDDataset', data_root=str(tmp_path), ann_file='list.txt',
        metainfo=dict(classes=('ship', )),
        filter_cfg=dict(filter_empty_gt=False), pipeline=pipeline))
    drawn = {}
    for _ in range(4):
        for k in range(3):
            sample = data[k]['data_samples']
            drawn.setdefault(sample.img_id, len(sample.gt_instances))
    assert set(drawn) == {'0', '1', '2'}
    assert drawn['0'] == drawn['2'] == 0


def test_image_without_annotations():
    results = crop_at(5, 6)(dict(img=sample([])['img']))
    assert results['img'].shape == (30, 40, 3)
    assert 'gt_bboxes' not in results


def test_small_image_stays_whole():
    transform = RBoxRandomCrop((512, 512))
    results = transform(sample([(70, 75, 20, 6, 0.4)]))
    assert results['img'].shape[:2] == SHAPE
    np.testing.assert_allclose(results['gt_bboxes'].tensor[0].numpy(),
                               [70, 75, 20, 6, .4])


def test_random_crops_agree_with_a_raster():
    """Fraction kept or not, against counting pixels."""
    rng = np.random.default_rng(0)
    transform = RBoxRandomCrop((40, 30), allow_negative_crop=True)
    transform._rand_offset = lambda margin: tuple(
        int(rng.integers(m + 1)) for m in margin)
    for _ in range(20):
        box = (rng.uniform(20, 80), rng.uniform(20, 80), 30, 10,
               rng.uniform(-1.5, 1.5))
        results = transform(sample([box]))
        x0, y0 = -results['homography_matrix'][:2, 2]
        grid = (np.stack(np.meshgrid(*[np.linspace(-.5, .5, 101)] * 2), -1) *
                (30, 10)).reshape(-1, 2)
        cos, sin = math.cos(box[4]), math.sin(box[4])
        points = grid @ np.array([[cos, sin], [-sin, cos]]) + box[:2]
        seen = ((points >= (x0, y0)) & (points <= (x0 + 40, y0 + 30))).all(
            1).mean()
        if abs(seen - .7) < .02 or seen < .02:
            continue
        assert results['gt_ignore_flags'].tolist() == [seen < .7]


def test_ignored_boxes_reach_the_data_sample():
    boxes = [(70, 75, 20, 6, 0.4), (48, 75, 10, 6, 0.), (10, 10, 10, 6, 0.)]
    pack = TRANSFORMS.build(
        dict(type='mmdet.PackDetInputs', meta_keys=('img_shape', )))
    truth = pack(crop_at(50, 60)(sample(boxes)))['data_samples']
    assert isinstance(truth.gt_instances.bboxes, RotatedBoxes)
    assert truth.gt_instances.labels.tolist() == [0]
    assert isinstance(truth.ignored_instances.bboxes, RotatedBoxes)
    assert truth.ignored_instances.labels.tolist() == [1]
    np.testing.assert_allclose(
        truth.ignored_instances.bboxes.tensor.numpy(), [[-2, 15, 10, 6, 0]],
        atol=1e-5)


def test_no_warning_about_clipping():
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        crop_at(50, 60)(sample([(70, 75, 20, 6, 0.4)]))


def test_masks_are_refused():
    with pytest.raises(ValueError, match='does not crop masks'):
        crop_at(0, 0)(dict(sample([(70, 75, 20, 6, 0)]), gt_masks=object()))


@pytest.mark.parametrize('value', [0, 1.2, -1])
def test_illegal_fraction(value):
    with pytest.raises(ValueError, match='min_visible'):
        RBoxRandomCrop((40, 30), min_visible=value)


def test_is_in_the_registry():
    transform = TRANSFORMS.build(
        dict(type='RBoxRandomCrop', crop_size=(8, 8), min_visible=0.5))
    assert 'min_visible=0.5' in repr(transform)
