import numpy as np
import pytest
import torch
from mmdet.registry import VISUALIZERS
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from mmrotate.structures.bbox import RotatedBoxes

from mmextra.structures import box_corners
from mmextra.visualization import (
    PictureVisualizer,
    draw_boxes,
    enlargement,
    place_labels,
)

RED, BLUE = (220, 20, 20), (20, 20, 220)


def grey(height=200, width=300):
    return np.full((height, width, 3), 128, np.uint8)


@pytest.mark.parametrize('size, factor', [
    ((100, 100), 4), ((384, 384), 3), ((640, 512), 2),
    ((800, 800), 1), ((4000, 3000), 1)])
def test_small_images_are_enlarged(size, factor):
    assert enlargement(*size) == factor


def test_outline_lies_where_the_box_is():
    box = np.array([[150., 100., 120., 40., .5]])
    picture = draw_boxes(grey(), box_corners(box), ['ship'], [RED],
                         labels='off')
    changed = (picture != 128).any(-1)
    # Every corner is on the outline, the middle is not painted over.
    for x, y in np.round(box_corners(box)[0]).astype(int):
        assert changed[y - 1:y + 2, x - 1:x + 2].any()
    assert not changed[95:105, 140:160].any()
    assert (picture == 128).all(-1).mean() > .95


def test_lines_are_thin_on_small_boxes():
    large = np.full((1600, 1600, 3), 128, np.uint8)
    boxes = np.array([[100., 100., 700., 700.], [1000., 1000., 1008., 1008.]])
    shares = []
    for box in boxes:
        picture = draw_boxes(large, box_corners(box[None]), ['a'], [RED],
                             labels='off')
        row = picture[int(box[1:4:2].mean())]
        shares.append((row != 128).any(-1).sum())
    assert shares[0] >= shares[1] + 4 > 4


def test_masks_tint_their_pixels():
    mask = np.zeros((1, 200, 300), bool)
    mask[0, 50:60, 50:60] = True
    picture = draw_boxes(grey(), box_corners(np.array([[40., 40., 70, 70]])),
                         ['a'], [RED], mask, 'off')
    assert picture[55, 55, 0] > 150 > picture[55, 55, 1]


def test_labels_that_would_hide_others_are_left_out():
    rows, columns = np.mgrid[0:5, 0:5] * 22. + 50
    low = np.stack([columns.ravel(), rows.ravel()], 1)
    dense = box_corners(np.concatenate([low, low + 20], 1))
    sizes = np.full((25, 2), (50, 15))
    places = place_labels(dense, sizes, 200, 300)
    assert 0 < sum(place is not None for place in places) < 12
    boxes = np.concatenate([low, low + 20], 1)
    for k, place in enumerate(places):
        if place is None:
            continue
        x, y = place
        shared = (np.minimum(boxes[:, 2:], [x + 50, y + 15]) - np.maximum(
            boxes[:, :2], [x, y])).clip(0).prod(-1)
        shared[k] = 0
        assert (shared <= .1 * 400).all()
    assert None not in place_labels(dense, sizes, 200, 300, keep_all=True)


def test_label_stays_in_the_picture():
    corner = box_corners(np.array([[280., 0., 299., 10.]]))
    (x, y), = place_labels(corner, np.array([[60, 15]]), 200, 300)
    assert (x, y) == (240, 10)


def sample():
    data = DetDataSample()
    data.gt_instances = InstanceData(
        bboxes=RotatedBoxes(torch.tensor([[50., 40., 30., 10., .3]])),
        labels=torch.tensor([0]))
    data.pred_instances = InstanceData(
        bboxes=torch.tensor([[51., 40., 30., 10., .3], [20, 20, 9, 9, 0]]),
        scores=torch.tensor([.9, .1]), labels=torch.tensor([0, 1]))
    return data


@pytest.mark.parametrize('scope', ['mmdet', 'mmrotate'])
def test_ground_truth_stands_beside(tmp_path, scope):
    visualizer = VISUALIZERS.build(dict(
        type=f'{scope}.PictureVisualizer', name=f'test_{scope}'))
    assert isinstance(visualizer, PictureVisualizer)
    visualizer.dataset_meta = dict(classes=('ship', 'crane'),
                                   palette=[RED, BLUE])
    image = grey(80, 100)
    visualizer.add_datasample('a', image, sample(),
                              out_file=str(tmp_path / 'a.png'))
    drawn = visualizer.get_image()
    assert drawn.shape == (320, 800, 3) and (tmp_path / 'a.png').is_file()
    left, right = drawn[:, :400], drawn[:, 400:]
    # One box each, for the other prediction is below the threshold.
    for half in (left, right):
        assert (np.abs(half.astype(int) - RED).sum(-1) < 30).any()
        assert not (np.abs(half.astype(int) - BLUE).sum(-1) < 30).any()


def test_sample_without_ground_truth_or_boxes(tmp_path):
    visualizer = PictureVisualizer('test_without')
    data = sample()
    del data.gt_instances
    visualizer.add_datasample('a', grey(80, 100), data,
                              out_file=str(tmp_path / 'a.png'))
    assert visualizer.get_image().shape == (320, 400, 3)
    data.pred_instances = data.pred_instances[:0]
    visualizer.add_datasample('a', grey(80, 100), data,
                              out_file=str(tmp_path / 'b.png'))
    assert (visualizer.get_image() == 128).all()


def test_unknown_mode_of_labels():
    with pytest.raises(ValueError, match="labels must be one of 'auto'"):
        PictureVisualizer('test_mode', labels='yes')


def test_arrays_are_drawn_as_tensors_are():
    """As mmdet's browse_dataset.py gives them."""
    image = np.full((60, 80, 3), 90, np.uint8)
    boxes, drawn = torch.tensor([[10., 12., 50., 40.]]), []
    for convert in (lambda v: v, lambda v: v.numpy()):
        visualizer = VISUALIZERS.build(dict(
            type='PictureVisualizer', name=f'arrays{len(drawn)}'))
        visualizer.dataset_meta = dict(classes=('ship', ))
        found = InstanceData(
            bboxes=convert(boxes), labels=convert(torch.tensor([0])))
        visualizer.add_datasample(
            'a', image, DetDataSample(gt_instances=found), draw_pred=False)
        drawn.append(visualizer.get_image())
    assert np.array_equal(*drawn)
    assert drawn[0].std() > 1


def places_by_hand(corners, sizes, height, width, keep_all):
    """Every label against every box and every label before it."""
    low, high = corners.min(1), corners.max(1)
    taken, places = [], []

    def common(one, other):
        sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2],
                                                            other[:2])
        return sides.clip(0).prod()

    for k, (w, h) in enumerate(sizes):
        found = None
        for x, y in ((low[k, 0], low[k, 1] - h), (low[k, 0], high[k, 1]),
                     (low[k, 0], low[k, 1])):
            x = min(max(x, 0), width - w)
            box = np.array([x, y, x + w, y + h])
            if y >= 0 and y + h <= height and x >= 0 and not any(
                    common(box, np.r_[low[i], high[i]]) >
                    .1 * max((high[i] - low[i]).prod(), 1)
                    for i in range(len(low)) if i != k) and not any(
                        common(box, each) > 0 for each in taken):
                found = box
                break
        if found is None and keep_all:
            x = min(max(low[k, 0], 0), max(width - w, 0))
            y = min(max(low[k, 1] - h, 0), max(height - h, 0))
            found = np.array([x, y, x + w, y + h])
        if found is not None:
            taken.append(found)
        places.append(None if found is None else tuple(
            found[:2].astype(int)))
    return places


@pytest.mark.parametrize('keep_all', [False, True])
def test_places_of_many_labels_are_those_of_all_pairs(keep_all):
    rng = np.random.default_rng(0)
    for count, size in ((60, 300), (150, 700), (5, 90)):
        low = rng.uniform(-40, size, (count, 2))
        high = low + rng.uniform(3, 180, (count, 2)) * rng.random((count, 1))
        corners = np.stack([low, np.stack([high[:, 0], low[:, 1]], 1), high,
                            np.stack([low[:, 0], high[:, 1]], 1)], 1)
        sizes = np.stack([rng.integers(15, 110, count),
                          np.full(count, 16)], 1)
        found = place_labels(corners, sizes, size, size + 50, keep_all)
        assert found == places_by_hand(corners, sizes, size, size + 50,
                                       keep_all)
        assert any(found) and (keep_all or None in found)
