import numpy as np
import pytest
import torch

from mmextra.structures import (
    Tile,
    cut_tile,
    image_tiles,
    is_sliver,
    locate_tile,
    merge_nms,
    move_boxes,
    parse_tile_id,
    tile_starts,
)


@pytest.mark.parametrize('length,expected', [
    (300, [0]), (1024, [0]), (1025, [0, 1]), (1792, [0, 768]),
    (1793, [0, 768, 769]), (2560, [0, 768, 1536]),
    (7000, [0, 768, 1536, 2304, 3072, 3840, 4608, 5376, 5976]),
    (3500, [0, 768, 1536, 2304, 2476])])
def test_starts(length, expected):
    assert tile_starts(length, 1024, 256) == expected


def test_tiles_cover_the_image_and_overlap():
    for length in range(1, 400, 7):
        starts = tile_starts(length, 64, 24)
        assert starts == sorted(set(starts))
        assert starts[-1] == max(length - 64, 0)
        assert all(b - a <= 64 - 24 for a, b in zip(starts, starts[1:]))


def test_illegal_tiling():
    for arguments in ((0, 10, 2), (10, 0, 0), (10, 8, 8), (10, 8, -1)):
        with pytest.raises(ValueError, match='0 <= overlap < size'):
            tile_starts(*arguments)


def test_names_round_trip():
    tiles = image_tiles('port__1__2', 1100, 900, 1024, 256)
    assert [str(t) for t in tiles] == [
        'port__1__2__1024__0___0', 'port__1__2__1024__76___0']
    assert [parse_tile_id(str(t)) for t in tiles] == tiles
    for wrong in ('port', 'port__1024__0__0', '__1024__0___0', 7):
        with pytest.raises(ValueError, match='no tile name'):
            parse_tile_id(wrong)


@pytest.mark.parametrize('name, shape, tile, rate', [
    ('a__1024__0___824', (1024, 1024), Tile('a', 1024, 0, 824), 1),
    ('a__1024__0___824', None, Tile('a', 1024, 0, 824), 1),
    # Cut without padding at the edge of a small image.
    ('a__1024__0___0', (600, 800, 3), Tile('a', 1024, 0, 0), 1),
    # By DOTA_devkit, of images resized by 1, a half and two.
    ('P0001__1__824___0', (1024, 1024), Tile('P0001', 1024, 824, 0), 1),
    ('P0001__0.5__0___824', (800, 1024), Tile('P0001', 1024, 0, 824), .5),
    ('P0001__2__0___0', (1024, 1024), Tile('P0001', 1024, 0, 0), 2),
    ('a__b__1__2__3___4', (8, 8), Tile('a__b__1', 8, 3, 4), 2)])
def test_tiles_of_any_tool_are_located(name, shape, tile, rate):
    assert locate_tile(name, shape) == (tile, rate)


@pytest.mark.parametrize('name, shape, message', [
    ('a__1__0___0', None, 'ori_shape'), ('a__0.5__0___0', None, 'ori_shape'),
    ('a__512__0___0', (1024, 1024), '512 is neither .*1024, 1024'),
    ('a__0__0___0', (1024, 1024), '0 is neither'),
    ('a.png', (8, 8), 'no tile name')])
def test_tiles_that_do_not_fit_are_refused(name, shape, message):
    with pytest.raises(ValueError, match=message):
        locate_tile(name, shape)


def test_cut_pads_small_images():
    image = np.arange(6 * 9 * 3).reshape(6, 9, 3)
    inner = cut_tile(image, Tile('a', 4, 5, 2))
    np.testing.assert_array_equal(inner, image[2:6, 5:9])
    padded = cut_tile(image, Tile('a', 8, 1, 0))
    assert padded.shape == (8, 8, 3) and not padded[6:].any()
    np.testing.assert_array_equal(padded[:6], image[:, 1:9])


def test_slivers_at_inner_edges_only():
    boxes = np.array([
        [3., 50., 6., 20., 0.],  # left edge
        [97., 50., 20., 6., np.pi / 2],  # right edge, turned
        [50., 96., 20., 8., 0.],  # lower edge
        [50., 97., 20., 2., 0.],  # near it, but whole
        [80., 50., 60., 10., 0.],  # cut, but half of it is there
    ])
    # One tile in the middle of the upper border.
    found = is_sliver(boxes, Tile('a', 100, 50, 0), 300, 200)
    np.testing.assert_array_equal(found, [1, 1, 1, 0, 0])
    found = is_sliver(boxes, Tile('a', 100, 0, 0), 100, 100)
    assert not found.any()
    assert not is_sliver(boxes, Tile('a', 100, 50, 0), 300, 200, 0.).any()


def test_move_boxes_of_all_kinds():
    for width, expected in ((4, [5, 7, 5, 7]), (5, [5, 7, 0, 0, 0]),
                            (8, [5, 7] * 4)):
        moved = move_boxes(torch.zeros(1, width), 5, 7)
        assert moved.tolist() == [expected]


def test_merge_is_class_wise_also_below_zero():
    boxes = torch.tensor([[-60., -60., -40., -40.], [-60., -60., -40., -40.],
                          [-20., -20., 0., 0.], [-59., -60., -40., -40.]])
    scores = torch.tensor([.5, .9, .7, .6])
    labels = torch.tensor([1, 0, 2, 1])
    nms = dict(type='nms', iou_threshold=0.5)
    keep, kept_scores = merge_nms(boxes, scores, labels, nms)
    assert keep.tolist() == [1, 2, 3]
    assert kept_scores.tolist() == pytest.approx([.9, .7, .6])
    # Rotated boxes likewise; half precision has no kernel in mmcv.
    rotated = torch.tensor([[-50., -50., 20., 10., .5],
                            [-50., -50., 20., 10., .5],
                            [-10., -10., 20., 20., .1],
                            [-50., -50., 10., 20., .5 + np.pi / 2]])
    for boxes in (rotated, rotated.half()):
        keep, _ = merge_nms(boxes, scores, labels,
                            dict(type='nms_rotated', iou_threshold=0.1))
        assert keep.tolist() == [1, 2, 3]
    keep, _ = merge_nms(
        rotated, scores, labels,
        dict(type='nms_rotated', iou_threshold=0.1, class_agnostic=True))
    assert keep.tolist() == [1, 2]
    assert merge_nms(rotated, scores, labels, None)[0].tolist() == [1, 2, 3, 0]
    with pytest.raises(KeyError, match='iou_threshold'):
        merge_nms(rotated, scores, labels, dict(type='nms_rotated'))
