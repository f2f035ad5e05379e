import json
import xml.etree.ElementTree as ET

import cv2
import numpy as np
import pytest

from mmextra.structures import box_corners, rotated_iou
from mmextra.synthetic import GENERATORS, make_harbour, read_marker
from mmextra.synthetic.harbour_scene import Harbour, separated

TINY = dict(num_train=2, num_val=1, num_test=1, image_size=96)


def annotations(root, split):
    for image_id in (root / f'ImageSets/{split}.txt').read_text().split():
        tree = ET.parse(root / f'FullDataSet/Annotations/{image_id}.xml')
        yield image_id, tree.getroot()


def values(item, *tags):
    return [float(item.findtext(tag)) for tag in tags]


def content(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob('*') if path.is_file()
    }


def test_layout_and_counts(harbour):
    sizes, marker = set(), json.loads(
        (harbour / 'SYNTHETIC.json').read_text())
    assert marker['generator'] == 'harbour' and marker['seed'] == 0
    for split, images in dict(train=6, val=2, test=2).items():
        ships = 0
        found = list(annotations(harbour, split))
        assert len(found) == images == marker['counts'][f'{split}_images']
        for image_id, root in found:
            image = cv2.imread(
                str(harbour / f'FullDataSet/AllImages/{image_id}.bmp'))
            sizes.add(image.shape[:2])
            assert values(root, 'Img_SizeHeight', 'Img_SizeWidth') == list(
                image.shape[:2])
            ships += len(root.findall('HRSC_Objects/HRSC_Object'))
        assert ships == marker['counts'][f'{split}_ships'] >= 4 * images
    assert any(h != w for h, w in sizes)
    assert max(max(s) for s in sizes) == 128


def test_splits_are_disjoint(harbour):
    ids = {
        split: (harbour / f'ImageSets/{split}.txt').read_text().split()
        for split in ('train', 'val', 'test', 'trainval')
    }
    assert ids['trainval'] == ids['train'] + ids['val']
    everything = ids['trainval'] + ids['test']
    assert len(set(everything)) == 10
    pictures = {
        (harbour / f'FullDataSet/AllImages/{i}.bmp').read_bytes()
        for i in everything
    }
    assert len(pictures) == 10


def test_ships_are_plausible_and_never_overlap(harbour):
    for _, root in annotations(harbour, 'trainval'):
        width, height = values(root, 'Img_SizeWidth', 'Img_SizeHeight')
        boxes = []
        for item in root.iter('HRSC_Object'):
            box = values(item, 'mbox_cx', 'mbox_cy', 'mbox_w', 'mbox_h',
                         'mbox_ang')
            assert 2.99 < box[2] / box[3] < 8.01
            assert 8 <= box[2] <= 0.43 * 128 + 0.1
            assert 0 <= box[0] < width and 0 <= box[1] < height
            assert -np.pi / 2 <= box[4] < np.pi / 2
            boxes.append(box)
        common = rotated_iou(np.array(boxes), np.array(boxes))
        np.fill_diagonal(common, 0)
        assert common.max() == 0
        seen = rotated_iou(
            np.array(boxes), np.array([[0, 0, width, height]]), mode='iof')
        assert seen.min() > 0.45


def test_tags_agree_with_the_rotated_box(harbour):
    difficult = truncated = 0
    for _, root in annotations(harbour, 'trainval'):
        size = values(root, 'Img_SizeWidth', 'Img_SizeHeight')
        for item in root.iter('HRSC_Object'):
            box = values(item, 'mbox_cx', 'mbox_cy', 'mbox_w', 'mbox_h',
                         'mbox_ang')
            corners = box_corners(np.array([box]))[0]
            low = np.maximum(corners.min(0), 0)
            high = np.minimum(corners.max(0), size)
            np.testing.assert_allclose(
                values(item, 'box_xmin', 'box_ymin'), low, atol=1.001)
            np.testing.assert_allclose(
                values(item, 'box_xmax', 'box_ymax'), high, atol=1.001)
            # The bow is the middle of a short side.
            bow = np.array(values(item, 'header_x', 'header_y')) - box[:2]
            assert np.hypot(*bow) == pytest.approx(box[2] / 2, abs=0.8)
            axis = np.array([np.cos(box[4]), np.sin(box[4])])
            assert abs(bow @ (-axis[1], axis[0])) < 0.8
            cut = (corners < 0).any() or (corners > size).any()
            assert item.findtext('truncated') == str(int(cut))
            truncated += cut
            difficult += item.findtext('difficult') == '1'
            if box[3] < 4:
                assert item.findtext('difficult') == '1'
    assert difficult and truncated


def test_same_arguments_same_bytes(tmp_path):
    for name in 'ab':
        make_harbour(tmp_path / name, **TINY)
    make_harbour(tmp_path / 'c', **TINY, seed=1)
    first, second, other = (content(tmp_path / name) for name in 'abc')
    assert first == second
    changed = [k for k in first if k.endswith('.bmp') and
               first[k] == other[k]]
    assert not changed


def test_number_of_images_changes_no_image(tmp_path):
    make_harbour(tmp_path / 'a', **TINY)
    make_harbour(tmp_path / 'b', **{**TINY, 'num_train': 1})
    name = 'FullDataSet/AllImages/100000001.bmp'
    assert content(tmp_path / 'a')[name] == content(tmp_path / 'b')[name]


def test_second_run_writes_nothing(tmp_path):
    root = tmp_path / 'a'
    first = make_harbour(root, **TINY)
    stamps = {p: p.stat().st_mtime_ns for p in root.rglob('*')}
    assert make_harbour(root, **TINY) == first == read_marker(root)
    assert stamps == {p: p.stat().st_mtime_ns for p in root.rglob('*')}


def test_missing_file_is_made_again(tmp_path):
    root = tmp_path / 'a'
    make_harbour(root, **TINY)
    before = content(root)
    (root / 'FullDataSet/AllImages/100000002.bmp').unlink()
    make_harbour(root, **TINY)
    assert content(root) == before


def test_interrupted_run_is_finished(tmp_path, monkeypatch):
    root = tmp_path / 'a'
    with monkeypatch.context() as patch:
        patch.setattr(Harbour, 'draw', lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make_harbour(root, **TINY)
    assert read_marker(root)['complete'] is False
    make_harbour(root, **TINY)
    assert read_marker(root)['complete'] is True
    assert len(list(root.rglob('*.bmp'))) == 4


def test_foreign_folder_is_left_alone(tmp_path):
    (tmp_path / 'holiday.jpg').write_text('mine')
    for force in (False, True):
        with pytest.raises(FileExistsError, match='not made by'):
            make_harbour(tmp_path, **TINY, force=force)
    assert [p.name for p in tmp_path.iterdir()] == ['holiday.jpg']


def test_other_arguments_need_force(tmp_path):
    root = tmp_path / 'a'
    make_harbour(root, **TINY)
    (root / 'notes.txt').write_text('mine')
    fewer = {**TINY, 'num_train': 1}
    with pytest.raises(FileExistsError, match='other arguments.*--force'):
        make_harbour(root, **fewer)
    assert make_harbour(root, **fewer, force=True)['counts'][
        'train_images'] == 1
    assert len(list(root.rglob('*.bmp'))) == 3
    assert (root / 'notes.txt').read_text() == 'mine'


def test_damaged_marker_is_named(tmp_path):
    (tmp_path / 'SYNTHETIC.json').write_text('{"generator": ')
    with pytest.raises(ValueError, match='SYNTHETIC.json is damaged'):
        make_harbour(tmp_path, **TINY)


@pytest.mark.parametrize('bad,message', [
    (dict(num_train=-1), 'num_train'),
    (dict(image_size=32), 'image_size'),
    (dict(ships=(5, 2)), 'ships'),
    (dict(ship_length=(50, 20)), 'ship_length'),
    (dict(ship_length=(20, 500)), 'ship_length'),
])
def test_illegal_arguments(tmp_path, bad, message):
    with pytest.raises(ValueError, match=message):
        make_harbour(tmp_path / 'a', **{**TINY, **bad})
    assert not (tmp_path / 'a').exists()


def test_long_ships_of_the_full_range(tmp_path):
    lengths = []
    for k in range(8):
        scene = Harbour(np.random.default_rng(k), 512, 480, (10, 20),
                        (10, 200)).draw()
        lengths += [ship.length for ship in scene.ships]
        assert len(scene.ships) >= 6
    assert min(lengths) < 25 and max(lengths) > 120
    assert min(lengths) >= 10 and max(lengths) <= 200


def test_no_ships_wanted():
    scene = Harbour(np.random.default_rng(0), 96, 96, (0, 0), (8, 40)).draw()
    assert scene.ships == [] and scene.image.shape == (96, 96, 3)


def test_separated():
    one = box_corners(np.array([[0, 0, 10, 2, 0.]]))[0]
    others = box_corners(
        np.array([[0, 3, 10, 2, 0.], [0, 2.5, 10, 2, 0.], [11, 0, 10, 2, .1],
                  [8, 0, 10, 2, np.pi / 2], [0, 0, 1, 1, 0.3]]))
    assert separated(one, others, 0.6).tolist() == [
        True, False, True, True, False
    ]


def test_registry_names_the_function():
    assert GENERATORS['harbour'] is make_harbour
