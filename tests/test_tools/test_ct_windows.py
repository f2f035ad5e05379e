"""Windows of slices, from the masks to the data set."""
from collections import Counter

import numpy as np
import pytest
from mmdet.registry import DATASETS
from mmengine.registry import init_default_scope
from PIL import Image

from mmextra.datasets.converters.ct_windows import (
    classified_windows,
    window_boxes,
)
from tests.helpers import load_tool


def test_windows_cover_the_image():
    boxes = window_boxes(41, 60)
    assert len(boxes) == 9
    assert boxes[0] == (0, 0, 30, 20) and boxes[-1] == (30, 21, 60, 41)
    seen = np.zeros((41, 60))
    for x1, y1, x2, y2 in boxes:
        assert (x2 - x1, y2 - y1) == (30, 20)
        seen[y1:y2, x1:x2] += 1
    assert seen.min() >= 1


def chest(lesion=True):
    """Two dark lungs, the left with a lesion."""
    image = np.full((40, 80), 200, np.uint8)
    image[5:35, 4:36] = image[5:35, 44:76] = 30
    mask = np.zeros((40, 80), np.uint8)
    if lesion:
        mask[10:30, 6:26] = 2
        image[10:30, 6:26] = 140
    return image, mask


def test_classes_of_windows():
    image, mask = chest()
    for box, label in classified_windows(image, mask):
        x1, y1, x2, y2 = box
        share = (mask[y1:y2, x1:x2] > 0).mean()
        assert share > 0.1 if label else share == 0
    found = Counter(label for _, label in classified_windows(image, mask))
    # The middle column has a lesion on less than a tenth in no row.
    assert found[1] >= 3 and found[0] == 3
    assert not [label for _, label in classified_windows(*chest(False))
                if label]


@pytest.fixture
def root(tmp_path):
    for folder in ('imgs', 'masks'):
        (tmp_path / folder).mkdir()
    for k in range(6):
        image, mask = chest(k % 3 > 0)
        Image.fromarray(image).save(tmp_path / 'imgs' / f'{k}.png')
        Image.fromarray(mask).save(tmp_path / 'masks' / f'{k}.png')
    blank = np.full((40, 80), 200, np.uint8)
    Image.fromarray(blank).save(tmp_path / 'imgs' / 'blank.png')
    Image.fromarray(blank * 0).save(tmp_path / 'masks' / 'blank.png')
    (tmp_path / 'train.txt').write_text('0\n1.png\n2\n3\nblank\n')
    (tmp_path / 'test.txt').write_text('4\n5\n')
    return tmp_path


def test_folds_of_slices_and_of_their_windows(root, capsys):
    main = load_tool('dataset_converters/ct_windows.py').main
    main([str(root), '--folds', '3'])
    assert 'fold 2: ' in capsys.readouterr().out
    tested = []
    for fold in range(3):
        slices, windows = ({
            part: {line.split()[0] for line in
                   (folder / f'fold{fold}_{part}.txt').read_text().split('\n')
                   if line} for part in ('train', 'test')}
            for folder in (root, root / 'windows'))
        assert not slices['train'] & slices['test']
        assert windows['train'] <= slices['train']
        assert windows['test'] <= slices['test']
        assert len(slices['train'] | slices['test']) == 7
        tested += slices['test']
    assert len(tested) == 7 and 'blank.png' in tested
    init_default_scope('mmdet')
    data = DATASETS.build(dict(
        type='CTImageDataset', data_root=str(root),
        ann_file='windows/fold0_train.txt', data_prefix=dict(img='imgs/'),
        metainfo=dict(image_classes=('Control', 'COVID-19')),
        pipeline=[dict(type='LoadImageFromFile'), dict(type='CropToBodyBox'),
                  dict(type='Resize', scale=(40, 20), keep_ratio=False),
                  dict(type='PackCTInputs')]))
    lines = (root / 'windows/fold0_train.txt').read_text().splitlines()
    assert len(data) == len(lines) > len({line.split()[0] for line in lines})
    for item, line in zip(data, lines):
        assert tuple(item['inputs'].shape) == (3, 20, 40)
        assert item['data_samples'].img_label == int(line.split()[1])


def test_window_listed_twice_is_told(root):
    init_default_scope('mmdet')
    (root / 'twice.txt').write_text('0.png 0 0 0 9 9\n0.png 1 0 0 9 9\n')
    with pytest.raises(ValueError, match='line 2.*is listed already'):
        DATASETS.build(dict(
            type='CTImageDataset', data_root=str(root), ann_file='twice.txt',
            data_prefix=dict(img='imgs/')))


@pytest.mark.parametrize('spoil, told', [
    (lambda root: (root / 'test.txt').write_text('7\n'), 'no image 7'),
    (lambda root: Image.fromarray(np.zeros((4, 4), np.uint8)).save(
        root / 'masks/0.png'), r'0.png has 4 x 4 pixels'),
    (lambda root: None, '9 folds of 7 groups')])
def test_bad_input(root, spoil, told):
    spoil(root)
    with pytest.raises(SystemExit, match=told):
        load_tool('dataset_converters/ct_windows.py').main(
            [str(root), '--folds', '9'])
