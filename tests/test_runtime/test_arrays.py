"""The runner's arithmetic against that of the hosts."""
import numpy as np
import pytest
import torch
from mmcv.ops import batched_nms
from mmdet.models.roi_heads.mask_heads.fcn_mask_head import _do_paste_mask
from mmrotate.structures.bbox import RotatedBoxes

from mmextra.models.roi_heads.class_results import against_rivals
from mmextra_runtime import SupportBank
from mmextra_runtime.masks import paste_masks
from mmextra_runtime.postprocess import against_rivals as array_rivals
from mmextra_runtime.postprocess import finish, rescale_boxes, upright_nms


def random_boxes(count, seed=0):
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 80, (count, 2))
    return np.concatenate([low, low + rng.uniform(1, 30, (count, 2))],
                          1).astype(np.float32), rng


def test_upright_suppression_is_mmcvs():
    boxes, rng = random_boxes(300)
    scores = rng.permutation(300).astype(np.float32) / 300
    labels = rng.integers(0, 3, 300)
    expected = batched_nms(
        torch.from_numpy(boxes), torch.from_numpy(scores),
        torch.from_numpy(labels), dict(type='nms', iou_threshold=.4))[1]
    found = upright_nms(boxes, scores, labels, .4)
    assert 50 < len(found) < 280
    np.testing.assert_array_equal(found, expected)


def test_rotated_boxes_are_stretched_as_mmrotate_does():
    rng = np.random.default_rng(0)
    boxes = rng.uniform(1, 50, (20, 5)).astype(np.float32)
    boxes[:, 4] = rng.uniform(-1.5, 1.5, 20)
    expected = RotatedBoxes(torch.from_numpy(boxes.copy()))
    expected.rescale_((1 / .5, 1 / .7))
    np.testing.assert_allclose(
        rescale_boxes(boxes, (.5, .7)), expected.tensor, rtol=1e-5)


def test_masks_are_pasted_as_mmdet_does():
    boxes, rng = random_boxes(6)
    masks = rng.random((6, 28, 28)).astype(np.float32)
    expected, _ = _do_paste_mask(
        torch.from_numpy(masks)[:, None], torch.from_numpy(boxes), 100, 90,
        skip_empty=False)
    found = paste_masks(masks, boxes, (100, 90), .5)
    differ = found != (expected >= .5).numpy()
    assert found.any((1, 2)).all() and differ.mean() < 1e-4


def test_the_best_of_each_class():
    boxes, _ = random_boxes(6)
    scores = np.array([.9, .8, .7, .6, .5, .4], np.float32)
    labels = np.array([0, 0, 0, 1, 1, 0])
    test = dict(max_per_img=2, limit_per='class', nms=None)
    *_, keep = finish(boxes, scores, labels, test, (1., 1.), (100, 100))
    assert keep.tolist() == [0, 1, 3, 4]


def test_classes_compete_for_a_place_as_in_the_package():
    boxes, rng = random_boxes(40)
    scores = rng.random(40).astype(np.float32)
    labels = rng.integers(0, 3, 40)
    expected = against_rivals(*map(torch.from_numpy, (
        boxes, scores, labels)), .3).numpy()
    assert (expected < .9 * scores).sum() > 5
    tiny = np.array([0, 1e-30, 1e-30, .5], np.float32)
    for found in (
            against_rivals(*map(torch.from_numpy, (
                boxes[:4] * 0 + boxes[0], tiny, np.array([0, 0, 1, 0]))), .3),
            array_rivals(boxes[:4] * 0 + boxes[0], tiny,
                         np.array([0, 0, 1, 0]), .3)):
        # A rival of as much halves it; one of 0.5 leaves nothing.
        np.testing.assert_allclose(np.asarray(found), [0, 5e-31, 0, .5])
    test = dict(max_per_img=30, nms=None, rival_iou=.3)
    found, best, classes, keep = finish(boxes, scores, labels, test, (1., 1.),
                                        (100, 100))
    order = np.argsort(-expected)[:30]
    assert keep.tolist() == order.tolist()
    np.testing.assert_allclose(best, expected[order], rtol=1e-5)
    np.testing.assert_array_equal(found, boxes[order])
    empty, *_ = finish(boxes[:0], scores[:0], labels[:0], test, (1., 1.),
                       (100, 100))
    assert not len(empty)


def test_support_banks_are_kept_as_arrays(tmp_path):
    bank = SupportBank(['a', 'b'], np.ones((2, 3, 4, 4), np.float32),
                       np.zeros((2, 3, 7, 7), np.float32))
    bank.save(tmp_path / 'bank.npz')
    again = SupportBank.load(tmp_path / 'bank.npz')
    assert again.classes == ('a', 'b')
    np.testing.assert_array_equal(again.maps, bank.maps)
    # An object would have to be unpickled, which runs code.
    with open(tmp_path / 'bad.npz', 'wb') as file:
        np.savez(file, classes=np.array([dict()], object), maps=bank.maps,
                 rois=bank.rois)
    with pytest.raises(ValueError, match='no support bank'):
        SupportBank.load(tmp_path / 'bad.npz')
    with pytest.raises(ValueError, match='needs one of each'):
        SupportBank(['a'], bank.maps, bank.rois)


def test_boxes_centred_in_the_padding_are_dropped_before_the_suppression():
    boxes = np.array([[96, 10, 40, 10, 0.2], [85, 10, 40, 10, 0.2],
                      [20, 70, 40, 10, 0.2], [20, 20, 40, 10, 0.2]],
                     np.float32)
    scores = np.array([.9, .8, .7, .6], np.float32)
    test = dict(nms=dict(where='runner', iou_threshold=0.1),
                min_bbox_size=0, max_per_img=10)
    labels = np.zeros(4, np.int64)
    # An image of 90 x 60 (width, height).
    for more, kept in (({}, [0, 2, 3]), (dict(centre='image'), [1, 3])):
        *_, index = finish(boxes, scores, labels, {**test, **more},
                           (1., 1.), (60, 90))
        assert index.tolist() == kept
