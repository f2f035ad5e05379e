"""Smaller copies of a VOC folder."""
import xml.etree.ElementTree as ET
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.helpers import load_tool

ROOT = Path(__file__).parents[2]
OBJECT = ('<object><name>{}</name><difficult>{}</difficult><bndbox>'
          '<xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax>'
          '</bndbox></object>')
SIZE = ('<size><width>500</width><height>300</height><depth>3</depth>'
        '</size>')


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / 'VOC2012'
    for name in ('JPEGImages', 'Annotations'):
        (folder / name).mkdir(parents=True)
    image = np.zeros((300, 500, 3), np.uint8)
    image[50:100, 100:200] = 255
    cv2.imwrite(str(folder / 'JPEGImages' / 'a.jpg'), image)
    (folder / 'Annotations' / 'a.xml').write_text(
        f'<annotation>{SIZE}{OBJECT.format("cat", 0, 101, 51, 200, 100)}'
        f'{OBJECT.format("dog", 1, 1, 1, 9, 9)}'
        f'{OBJECT.format("cow", 0, 1, 1, 500, 300)}</annotation>')
    (tmp_path / 'train.txt').write_text('a\n')
    return folder


def shrink(source, *more):
    target = source.parent / 'small'
    load_tool('dataset_converters/shrink_voc.py').main(
        [str(source), str(target), '--lists',
         str(source.parent / 'train.txt'), *more])
    return target


def test_boxes_lie_on_the_same_pixels(source):
    target = shrink(source, '--long-side', '250')
    image = cv2.imread(str(target / 'JPEGImages' / 'a.jpg'))
    assert image.shape == (150, 250, 3)
    root = ET.parse(target / 'Annotations' / 'a.xml').getroot()
    assert [root.findtext(f'size/{key}') for key in ('width', 'height')] == [
        '250', '150']
    boxes = {each.findtext('name'): [int(part.text)
                                     for part in each.find('bndbox')]
             for each in root.iter('object')}
    assert set(boxes) == {'cat', 'cow'}
    assert boxes['cow'] == [1, 1, 250, 150]
    x1, y1, x2, y2 = boxes['cat']
    # From 1 on: of the white pixels, and of nothing else.
    assert (x1, y1, x2, y2) == (51, 26, 100, 50)
    assert image[y1 - 1:y2, x1 - 1:x2].mean() > 240
    assert image.sum() / 255 / 3 == pytest.approx(
        (x2 - x1 + 1) * (y2 - y1 + 1), rel=0.05)
    assert (target / 'ImageSets' / 'Main' / 'train.txt').read_text() == 'a\n'


def test_what_is_missing_is_named_before_anything_is_written(source):
    (source.parent / 'train.txt').write_text('a\nb\n')
    with pytest.raises(SystemExit, match='there is no .*b.jpg'):
        shrink(source)
    assert not (source.parent / 'small').exists()
    with pytest.raises(SystemExit, match='overwrite its own images'):
        load_tool('dataset_converters/shrink_voc.py').main(
            [str(source), str(source), '--lists',
             str(source.parent / 'train.txt')])


def test_the_lists_of_voc_mini_share_no_image():
    names = [(ROOT / 'configs' / '_base_' / 'datasets' / 'voc_mini' /
              f'{each}.txt').read_text().split() for each in ('train', 'val')]
    assert [len(each) for each in names] == [1936, 469]
    assert not set(names[0]) & set(names[1])
