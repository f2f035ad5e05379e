import numpy as np
import pytest
import torch

from mmextra.models.detectors.video_steps import map_change as torch_change
from mmextra_runtime.box_motion import BoxMotion, map_change, match_boxes


def test_boxes_go_on_as_they_went():
    motion = BoxMotion()
    motion.read(np.array([[10., 10, 30, 30], [50, 50, 60, 70]]),
                np.array([0, 1]), 1)
    np.testing.assert_array_equal(
        motion.moved(3, (100, 100)), motion.boxes)
    # Two frames later, in another order: one moved by 4, 2, one grew.
    motion.read(np.array([[49., 50, 61, 70], [14, 12, 34, 32]]),
                np.array([1, 0]), 2)
    np.testing.assert_allclose(motion.moved(1, (100, 100)), [
        [48.5, 50, 61.5, 70], [16, 13, 36, 33]])
    np.testing.assert_allclose(motion.moved(4, (100, 40))[1],
                               [22, 16, 40, 36])


def test_boxes_do_not_turn_inside_out():
    motion = BoxMotion()
    motion.read(np.array([[10., 10, 30, 30]]), np.array([0]), 1)
    motion.read(np.array([[13., 13, 27, 27]]), np.array([0]), 1)
    moved = motion.moved(3, (100, 100))[0]
    np.testing.assert_allclose(moved, [13, 13, 27, 27])


def test_only_the_same_thing_is_matched():
    before = np.array([[10., 10, 30, 30], [12, 10, 32, 30]])
    boxes = np.array([[13., 10, 33, 30], [10, 10, 30, 30]])
    zeros = np.zeros(2, int)
    assert match_boxes(boxes, zeros, before, zeros).tolist() == [1, 0]
    # Another class, too far, too large; nothing at all.
    assert match_boxes(boxes, zeros + 1, before, zeros).tolist() == [-1, -1]
    assert match_boxes(boxes + 40, zeros, before, zeros).tolist() == [-1, -1]
    large = np.array([[0., 0, 41, 41]])
    assert match_boxes(large, zeros[:1], before, zeros).tolist() == [-1]
    none = np.zeros((0, 4))
    assert match_boxes(none, zeros[:0], before, zeros).shape == (0, )
    assert match_boxes(boxes, zeros, none, zeros[:0]).tolist() == [-1, -1]
    with pytest.raises(ValueError, match='no frame'):
        BoxMotion().moved(1, (10, 10))


def test_change_of_a_map():
    before = np.ones((1, 2, 3, 3), np.float32)
    now = before.copy()
    now[0, 0, 1, 2] = 3
    # 2 in one of two channels; the mean of the map is 20 / 18.
    assert map_change(now, before) == pytest.approx(1 / (20 / 18))
    assert map_change(before, before) == 0
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(2, 5, 8, 4, 6)).astype(np.float32)
    both = torch_change(*map(torch.from_numpy, maps))
    for k in range(5):
        assert both[k].item() == pytest.approx(
            map_change(maps[0, k:k + 1], maps[1, k:k + 1]), rel=1e-6)
