"""COCO files of lists of images with XML in Pascal VOC's format."""
import json

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO

from tests.helpers import load_tool

OBJECT = ('<object><name>{name}</name><difficult>{difficult}</difficult>'
          '<bndbox><xmin>{box[0]}</xmin><ymin>{box[1]}</ymin>'
          '<xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>')


@pytest.fixture
def voc(tmp_path):
    """Three images, two of them in the list."""
    for k, objects in enumerate([
            [('Car', 0, (1, 2, 11, 22))],
            [('Haze', 0, (0, 0, 5, 6)), ('Person', 1, (3.5, 4, 8, 9)),
             ('Car', 0, (10, 10, 20, 30))],
            []]):
        for name in ('xml', 'images'):
            (tmp_path / name).mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / f'images/{k}.png'),
                    np.full((40, 30 + k, 3), 7, np.uint8))
        (tmp_path / f'xml/{k}.xml').write_text(
            '<annotation>' + ''.join(
                OBJECT.format(name=name, difficult=difficult, box=box)
                for name, difficult, box in objects) + '</annotation>')
    (tmp_path / 'list.txt').write_text('2\n1\n')
    return tmp_path


def run(voc, *options, classes=('Person', 'Car')):
    load_tool('dataset_converters/voc_to_coco.py').main([
        str(voc / 'xml'), str(voc / 'images'), str(voc / 'list.txt'),
        str(voc / 'annotations/out.json'), '--classes', *classes, *options])
    return json.loads((voc / 'annotations/out.json').read_text())


@pytest.mark.parametrize('options, crowds', [
    ([], [1, 1, 1, 0]), (['--keep-difficult'], [1, 1, 0, 0])])
def test_listed_images_and_their_boxes(voc, capsys, options, crowds):
    found = run(voc, '--ignore', 'Haze', *options)
    assert 'out.json: 2 images, 4 annotations' in capsys.readouterr().out
    assert found['images'] == [
        dict(id=1, file_name='2.png', width=32, height=40),
        dict(id=2, file_name='1.png', width=31, height=40)]
    assert found['categories'] == [
        dict(id=1, name='Person'), dict(id=2, name='Car')]
    assert [(each['category_id'], each['bbox'], each['area'], each['iscrowd'])
            for each in found['annotations']] == [
        (1, [0, 0, 5, 6], 30, crowds[0]), (2, [0, 0, 5, 6], 30, crowds[1]),
        (1, [3.5, 4, 4.5, 5], 22.5, crowds[2]),
        (2, [10, 10, 10, 20], 200, crowds[3])]
    coco = COCO(str(voc / 'annotations/out.json'))
    assert len(coco.getAnnIds(imgIds=[2], iscrowd=False)) == crowds.count(0)


def test_bad_entries_are_named(voc):
    with pytest.raises(SystemExit, match='1.xml, object 0: the class Haze'):
        run(voc)
    with pytest.warns(UserWarning, match='skipped 1 bad'):
        assert len(run(voc, '--on-error', 'skip')['annotations']) == 2
    (voc / 'xml/1.xml').unlink()
    with pytest.raises(SystemExit, match='1.xml'):
        run(voc)
    (voc / 'list.txt').write_text('7\n')
    with pytest.raises(SystemExit, match='list.txt'):
        run(voc)
