import cv2
import numpy as np
import pytest

from mmextra.datasets import VisDroneDataset
from mmextra.structures import box_iou
from mmextra.synthetic import GENERATORS, make_aerial
from mmextra.synthetic.aerial_scene import Aerial

FOLDERS = ('train', 'val', 'test-dev')
TINY = dict(num_train=2, num_val=1, num_test=1, image_size=128)


@pytest.fixture(scope='module')
def town(tmp_path_factory):
    root = tmp_path_factory.mktemp('aerial') / 'town'
    marker = make_aerial(root, num_train=8, num_val=2, num_test=2,
                         image_size=256)
    return root, marker['counts']


def load(root, part):
    folder = f'VisDrone2019-DET-{part}'
    return VisDroneDataset(
        data_root=str(root),
        data_prefix=dict(img=f'{folder}/images', ann=f'{folder}/annotations'))


def test_is_read_as_visdrone(town):
    root, counts = town
    kinds, names = set(), set()
    for part, images in zip(FOLDERS, (8, 2, 2)):
        dataset = load(root, part)
        assert len(dataset) == images == counts[
            f'{part.split("-")[0]}_images']
        found = 0
        for i in range(images):
            info = dataset[i]
            names.add(info['img_id'])
            assert cv2.imread(info['img_path']).shape == (256, 256, 3)
            for item in info['instances']:
                kinds.add((item['ignore_kind'], item['bbox_label']))
                found += item['ignore_kind'] == 'object'
                x1, y1, x2, y2 = item['bbox']
                assert 0 <= x1 < x2 <= 256 and 0 <= y1 < y2 <= 256
        assert found == counts[f'{part.split("-")[0]}_objects'] > 0
    assert len(names) == 12
    assert kinds == {('region', 0), *(('object', k) for k in (0, 3, 5, 8))}


def test_small_objects_that_do_not_hide_each_other(town):
    dataset = load(town[0], 'train')
    sides = []
    for i in range(len(dataset)):
        boxes = np.array([item['bbox'] for item in dataset[i]['instances']])
        # Boxes of slanted neighbours may meet, but not cover each other.
        common = box_iou(boxes[:, None], boxes, plus_one=False)
        np.fill_diagonal(common, 0)
        assert common.max() < .6
        sides += [(b[2:] - b[:2]).max() for b in boxes]
    assert np.median(sides) < 16


def test_pixels_follow_the_boxes():
    """Without noise: paint inside of every box, and shadows beside it."""
    rng = np.random.default_rng(3)
    scene = Aerial(rng, 192, 192, (6, 12)).draw()
    empty = Aerial(np.random.default_rng(3), 192, 192, (6, 12))
    empty.wanted, empty._place = 0, lambda *_: None
    ground = empty.draw().image.astype(int)
    assert len(scene.objects) > 3 and not empty.objects
    inside = np.zeros((192, 192), bool)
    for item in scene.objects:
        low, high = item.corners.min(0), item.corners.max(0)
        x1, y1, x2, y2 = (*np.floor(low).astype(int),
                          *np.ceil(high).astype(int))
        inside[y1:y2, x1:x2] = True
    # The brightness of the two photographs differs, so compare the detail.
    detail = np.abs(np.diff(scene.image.astype(int).sum(2), axis=1))
    assert detail[:, :][inside[:, 1:]].mean() > 1.5 * np.median(detail)
    assert ground.shape == (192, 192, 3)


def test_same_arguments_same_bytes(tmp_path):
    def content(name):
        return {
            path.relative_to(tmp_path / name).as_posix(): path.read_bytes()
            for path in (tmp_path / name).rglob('*') if path.is_file()
        }

    make_aerial(tmp_path / 'a', **TINY)
    make_aerial(tmp_path / 'b', **TINY)
    make_aerial(tmp_path / 'c', **TINY, seed=1)
    make_aerial(tmp_path / 'd', **{**TINY, 'num_train': 1})
    first, other, fewer = content('a'), content('c'), content('d')
    assert first == content('b') and len(first) == 9
    pictures = [key for key in first if key.endswith('.jpg')]
    assert all(first[key] != other[key] for key in pictures)
    assert [key for key in pictures if first[key] != fewer.get(key)] == [
        'VisDrone2019-DET-train/images/0000001_00001_d_0000001.jpg']


def test_second_run_writes_nothing(tmp_path):
    first = make_aerial(tmp_path / 'a', **TINY)
    stamps = {p: p.stat().st_mtime_ns for p in tmp_path.rglob('*')}
    assert make_aerial(tmp_path / 'a', **TINY) == first
    assert stamps == {p: p.stat().st_mtime_ns for p in tmp_path.rglob('*')}
    with pytest.raises(FileExistsError, match='other arguments.*--force'):
        make_aerial(tmp_path / 'a', **TINY, seed=2)


@pytest.mark.parametrize('bad, message', [
    (dict(num_val=-1), 'num_val'), (dict(image_size=64), 'image_size'),
    (dict(objects=(5, 2)), 'objects')])
def test_illegal_arguments(tmp_path, bad, message):
    with pytest.raises(ValueError, match=message):
        make_aerial(tmp_path / 'a', **{**TINY, **bad})
    assert not (tmp_path / 'a').exists()


def test_registry_names_the_function():
    assert GENERATORS['aerial'] is make_aerial
