import json

import cv2
import numpy as np
import pytest

from mmextra.synthetic import make_toys
from mmextra.synthetic.toys import (
    BASE_TOYS,
    NOVEL_TOYS,
    TOYS,
    stranger_look,
    toy_look,
)


@pytest.fixture(scope='module')
def toys(tmp_path_factory):
    root = tmp_path_factory.mktemp('toys') / 'set'
    marker = make_toys(root, num_train=20, num_val=8, num_test=8,
                       image_size=96, seed=2)
    return root, marker


def read(root, split):
    return json.loads((root / 'annotations' / f'{split}.json').read_text())


def test_novel_toys_are_in_no_training_image(toys):
    root, marker = toys
    names = {c['id']: c['name'] for c in read(root, 'train')['categories']}
    assert tuple(names.values()) == TOYS == BASE_TOYS + NOVEL_TOYS
    seen = {split: {names[a['category_id']]
                    for a in read(root, split)['annotations']}
            for split in ('train', 'val', 'test')}
    assert not seen['train'] & set(NOVEL_TOYS)
    assert set(NOVEL_TOYS) <= seen['val'] and set(NOVEL_TOYS) <= seen['test']
    assert seen['test'] & set(BASE_TOYS)
    assert marker['counts']['train_images'] == 20


def test_looks_are_unique():
    assert len({toy_look(name) for name in TOYS}) == 20
    assert len({toy_look(name)[0] for name in TOYS}) == 20


def test_strangers_look_like_no_toy():
    rng = np.random.default_rng(0)
    toys = np.array([toy_look(name)[:2] for name in TOYS])
    looks = np.array([stranger_look(rng)[:2] for _ in range(200)])
    turn = np.abs(looks[:, None] - toys[None])
    distances = np.minimum(turn, 1 - turn).max(2)
    assert distances.min() > .08 and len(np.unique(looks, axis=0)) == 200


def test_boxes_fit_the_toys(toys):
    """Colourful pixels reach all four sides of a box, none is beyond."""
    root, _ = toys
    coco = read(root, 'test')
    found = 0
    for image in coco['images']:
        picture = cv2.imread(
            str(root / 'images' / 'test' / image['file_name'])).astype(float)
        spread = picture.max(2) - picture.min(2)
        for ann in coco['annotations']:
            if ann['image_id'] != image['id']:
                continue
            x, y, w, h = ann['bbox']
            assert min(x, y) >= 0 and max(x + w, y + h) <= 96
            rows, columns = np.nonzero(spread[
                int(y):int(np.ceil(y + h)), int(x):int(np.ceil(x + w))] > 90)
            assert np.ptp(columns) > w - 5 and np.ptp(rows) > h - 5
            found += 1
    assert found == len(coco['annotations']) > 15


def test_ids_are_unique_and_images_deterministic(toys, tmp_path):
    root, _ = toys
    ids = [image['id'] for split in ('train', 'val', 'test')
           for image in read(root, split)['images']]
    assert len(set(ids)) == len(ids)
    make_toys(tmp_path / 'again', num_train=3, num_val=0, num_test=1,
              image_size=96, seed=2)
    for name in ('train/00002.png', 'test/00000.png'):
        assert (root / 'images' / name).read_bytes() == (
            tmp_path / 'again' / 'images' / name).read_bytes()
    assert make_toys(root, 20, 8, 8, 96, 2)['complete']


@pytest.mark.parametrize('kwargs', [
    dict(num_test=-1), dict(image_size=32), dict(toys=(0, 2)),
    dict(toys=(3, 2)), dict(strangers=(-1, 2))])
def test_illegal_arguments(tmp_path, kwargs):
    with pytest.raises(ValueError, match='must be'):
        make_toys(tmp_path / 'x', **kwargs)
