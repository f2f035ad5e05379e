import json
import xml.etree.ElementTree as ET

import cv2
import numpy as np
import pytest

from mmextra.evaluation.functional import MOTION_RANGES, motion_iou
from mmextra.synthetic import GENERATORS, make_moving_objects, read_marker
from mmextra.synthetic.moving_objects import moving_files, video_lengths
from mmextra.synthetic.moving_scene import PACES, MovingScene

TINY = dict(num_train=1, num_val=1, num_test=2, image_size=64, frames=3)


def content(root):
    return {path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob('*') if path.is_file()}


def test_layout_and_counts(moving):
    marker = read_marker(moving)
    assert marker['generator'] == 'moving_objects'
    assert set(moving_files(marker['arguments'])) | {'SYNTHETIC.json'} == set(
        content(moving))
    for split, videos in dict(train=4, val=2, test=4).items():
        data = json.loads((moving / 'annotations' /
                           f'imagenet_vid_{split}.json').read_text())
        counts = marker['counts']
        assert len(data['videos']) == videos == counts[f'{split}_videos']
        assert len(data['images']) == counts[f'{split}_frames']
        assert len(data['annotations']) == counts[f'{split}_boxes'] > 0
        frames = [sum(i['video_id'] == v['id'] for i in data['images'])
                  for v in data['videos']]
        assert frames == video_lengths(videos, 6) and frames[-1] == 1


def test_xml_agrees_with_the_picture(moving):
    for path in sorted(moving.glob('Annotations/VID/train/*/*.xml')):
        root = ET.parse(path).getroot()
        image = cv2.imread(str(
            moving / 'Data/VID/train' / path.parent.name /
            f'{path.stem}.JPEG'))
        assert image.shape == (int(root.findtext('size/height')),
                               int(root.findtext('size/width')), 3)
        for item in root.iter('bndbox'):
            x1, y1, x2, y2 = (int(item.findtext(tag)) for tag in (
                'xmin', 'ymin', 'xmax', 'ymax'))
            assert 0 <= x1 < x2 < 64 and 0 <= y1 < y2 < 64


def boxes_of(scene):
    tracks = {}
    for t in range(scene.length):
        for truth in scene.frame(t)[1]:
            boxes = tracks.setdefault(
                truth.track, np.full((scene.length, 4), np.nan))
            boxes[t] = truth.bbox
    return tracks


@pytest.mark.parametrize('pace', ['slow', 'medium', 'fast'])
def test_paces_are_the_motion_ranges(pace):
    low, high = MOTION_RANGES[pace]
    values = []
    for seed in range(8):
        scene = MovingScene(np.random.default_rng(seed), 160, pace, 24)
        for boxes in boxes_of(scene).values():
            motion = motion_iou(boxes)
            values += motion[~np.isnan(motion)].tolist()
    inside = [low <= value <= high for value in values]
    # Objects that are half hidden change their boxes at any pace.
    assert np.mean(inside) > 0.75


def test_mixed_pace_stands_and_rushes():
    scene = MovingScene(np.random.default_rng(0), 160, PACES[3], 32)
    steps = np.linalg.norm(np.diff(scene.movers[0].centres, axis=0), axis=1)
    assert (steps == 0).any() and (steps > 2).any()


def test_occlusion_leaves_gaps_and_boxes_surround_what_moves():
    gaps = 0
    for seed in range(12):
        scene = MovingScene(np.random.default_rng(seed), 160, 'fast', 24)
        for boxes in boxes_of(scene).values():
            there = np.flatnonzero(~np.isnan(boxes[:, 0]))
            gaps += there[-1] - there[0] + 1 > len(there)
    assert gaps > 0
    scene = MovingScene(np.random.default_rng(4), 160, 'slow', 2)
    scene.movers = scene.movers[:1]
    scene.movers[0].colour = np.array([255., 0., 0.])
    scene.background[:] = (0, 0, 255)
    scene.cover[:], scene.light[:] = 0, 1
    scene.noise = 0.
    image, (truth, ) = scene.frame(0)
    rows, columns = np.nonzero(image[..., 0] > 50)
    found = [columns.min(), rows.min(), columns.max(), rows.max()]
    assert np.abs(np.subtract(found, truth.bbox)).max() <= 2


def test_same_seed_same_bytes(tmp_path):
    for name in 'ab':
        make_moving_objects(tmp_path / name, **TINY)
    assert content(tmp_path / 'a') == content(tmp_path / 'b')
    make_moving_objects(tmp_path / 'c', seed=1, **TINY)
    picture = 'Data/VID/train/train_0000/000000.JPEG'
    assert content(tmp_path / 'a')[picture] != content(tmp_path /
                                                       'c')[picture]
    with pytest.raises(FileExistsError, match='--force'):
        make_moving_objects(tmp_path / 'a', seed=1, **TINY)


def test_arguments():
    assert GENERATORS['moving_objects'] is make_moving_objects
    for wrong in (dict(num_test=0), dict(image_size=32), dict(frames=1)):
        with pytest.raises(ValueError):
            make_moving_objects('unused', **wrong)
