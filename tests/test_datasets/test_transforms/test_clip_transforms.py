import random

import cv2
import numpy as np
import pytest
import torch
from mmdet.datasets.transforms import PhotoMetricDistortion
from mmengine.registry import init_default_scope

from mmextra.datasets.transforms import ClipBroadcaster, ClipSSDGeometric
from mmextra.datasets.transforms.clip_ssd_geometric import (
    ClipWindow,
    warp_boxes,
    warp_matrix,
)


def clip(frames=3, height=60, width=80, boxes=True):
    """Identical frames, so that what is done to them must be, too."""
    image = np.random.default_rng(0).integers(
        0, 256, (height, width, 3), dtype=np.uint8)
    out = dict(img=[image.copy() for _ in range(frames)],
               img_path=['0.JPEG'] * frames)
    if boxes:
        out.update(
            gt_bboxes=[np.array([[10, 10, 40, 30], [50, 30, 70, 55]],
                                np.float32) for _ in range(frames)],
            gt_bboxes_labels=[np.array([3, 4])] * frames,
            gt_instances_ids=[np.array([8, 9])] * frames,
            gt_ignore_flags=[np.array([False, True])] * frames)
    return out


def test_frames_are_distorted_alike_with_two_pipelines_alive():
    init_default_scope('mmdet')
    torch.manual_seed(0)
    two = [ClipBroadcaster([dict(type='PhotoMetricDistortion')])
           for _ in range(2)]
    results = []
    for turn in range(20):
        out = two[turn % 2](clip())['img']
        assert np.array_equal(out[0], out[1])
        assert np.array_equal(out[0], out[2])
        results.append(out[0])
    assert len({each.tobytes() for each in results}) > 15
    with pytest.raises(ValueError, match='share_random_params'):
        ClipBroadcaster([PhotoMetricDistortion()], share_random_params=True)


def test_generators_are_left_as_they_were():
    def draw():
        return (random.random(), np.random.rand())  # noqa: NPY002
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    expected = draw()
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    ClipBroadcaster([PhotoMetricDistortion()])(clip())
    assert draw() == expected


def test_geometry_is_the_same_for_all_frames():
    torch.manual_seed(0)
    step = ClipSSDGeometric(img_scale=(64, 48))
    flips = 0
    for _ in range(60):
        out = step(clip())
        assert out['img'][0].shape == (48, 64, 3)
        for key in ('img', 'gt_bboxes', 'gt_bboxes_labels'):
            for other in out[key][1:]:
                assert np.array_equal(out[key][0], other)
        count = len(out['gt_bboxes'][0])
        assert all(len(out[key][0]) == count for key in (
            'gt_bboxes_labels', 'gt_instances_ids', 'gt_ignore_flags'))
        boxes = out['gt_bboxes'][0]
        assert count and (boxes >= 0).all() and (boxes <= [64, 48] * 2).all()
        flips += out['flip'][0]
    assert 10 < flips < 50
    assert out['img_shape'] == [(48, 64)] * 3
    assert out['scale_factor'][0] == (64 / 80, 48 / 60)


def test_without_randomness_it_is_a_resize():
    step = ClipSSDGeometric((40, 30), expand_prob=0, min_ious=(),
                            flip_prob=0)
    torch.manual_seed(3)
    whole = 0
    for _ in range(10):
        out = step(clip(1))
        resized = cv2.resize(clip(1)['img'][0], (40, 30))
        if np.abs(out['img'][0].astype(int) - resized).max() <= 1:
            whole += 1
            np.testing.assert_allclose(
                out['gt_bboxes'][0], [[5, 5, 20, 15], [25, 15, 35, 27.5]])
    assert whole


@pytest.mark.parametrize('flip', [False, True])
def test_boxes_go_where_the_pixels_go(flip):
    image = np.zeros((60, 80), np.uint8)
    image[20:36, 30:50] = 255
    window = ClipWindow(-11, 7, 73, 41, flip)
    size = (160, 120)
    out = cv2.warpAffine(image, warp_matrix(window, size), size)
    rows, columns = np.nonzero(out > 127)
    box = warp_boxes(np.array([[30., 20., 50., 36.]]), window, size)[0]
    np.testing.assert_allclose(
        [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], box,
        atol=1.01)


def test_a_box_is_kept_by_its_centre(monkeypatch):
    step = ClipSSDGeometric((80, 60))
    monkeypatch.setattr(step, 'sample_window',
                        lambda *_: ClipWindow(0, 0, 55, 60))
    out = step(clip())
    assert out['gt_bboxes_labels'][0].tolist() == [3]
    monkeypatch.setattr(step, 'sample_window',
                        lambda *_: ClipWindow(200, 0, 55, 60))
    out = step(clip())
    assert out['gt_bboxes'][0].shape == (0, 4)
    assert np.abs(out['img'][0].mean((0, 1)) - step.mean).max() < 1


def test_clips_without_objects_and_of_two_sizes():
    torch.manual_seed(0)
    empty = clip(2)
    empty['gt_bboxes'] = [np.zeros((0, 4), np.float32)] * 2
    for key in ('gt_bboxes_labels', 'gt_instances_ids', 'gt_ignore_flags'):
        empty[key] = [np.zeros(0, int)] * 2
    for _ in range(10):
        out = ClipSSDGeometric((32, 32))(dict(empty))
        assert out['gt_bboxes'][1].shape == (0, 4)
    wrong = clip(2)
    wrong['img'][1] = wrong['img'][1][:50]
    with pytest.raises(ValueError, match='0.JPEG.*sizes'):
        ClipSSDGeometric()(wrong)
