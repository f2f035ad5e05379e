import hashlib
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmdet.registry import DATASETS

from mmextra.datasets import AnnotationError, DIORVASDataset
from mmextra.datasets.bad_input import BadInput
from mmextra.datasets.dior_vas import DIOR_CLASSES, read_dior_xml
from mmextra.datasets.dior_vas_selection import (
    vas_candidates,
    vas_order,
    vas_split,
)
from tests.helpers import load_tool, worked_case

ROOT = Path(__file__).parents[2]
ANN = 'Annotations/Horizontal Bounding Boxes'
REAL = Path(os.environ.get('MMEXTRA_REAL_DATA',
                           ROOT.parent / 'shared' / 'realdata')) / 'dior_xml'


def objects(*rows):
    return ''.join(
        f'<object><name>{name}</name><pose>Unspecified</pose><bndbox>' +
        ''.join(f'<{tag}>{value}</{tag}>' for tag, value in zip(
            ('xmin', 'ymin', 'xmax', 'ymax'), box)) + '</bndbox></object>'
        for name, *box in rows)


def write_set(root, images, folder='JPEGImages-trainval'):
    """``images``: id to rows of name and corners."""
    for name in (folder, ANN, 'ImageSets/Main'):
        (root / name).mkdir(parents=True, exist_ok=True)
    for img_id, rows in images.items():
        cv2.imwrite(str(root / folder / f'{img_id}.jpg'),
                    np.zeros((60, 80, 3), np.uint8))
        (root / ANN / f'{img_id}.xml').write_text(
            '<annotation><size><width>80</width><height>60</height>'
            f'<depth>3</depth></size>{objects(*rows)}</annotation>')
    (root / 'ImageSets/Main/a.txt').write_text(
        ''.join(f'{i}\n' for i in images))
    return root


def load(root, ann_file='ImageSets/Main/a.txt', **kwargs):
    return DIORVASDataset(
        data_root=str(root), ann_file=ann_file,
        data_prefix=dict(sub_data_root=''), **kwargs)


def test_reads_names_corners_and_folders(tmp_path):
    write_set(tmp_path, {'00002': [('Ship', 0, 5, 82, 60)]})
    write_set(tmp_path, {
        '11726': [('vehicle', 1, 2, 3, 4), ('windmill', 1, 1, 9, 9),
                  ('airplane', 7, 7, 7, 20), ('airplane', 70, 50, 79, 59)]
    }, 'JPEGImages-test')
    (tmp_path / 'ImageSets/Main/a.txt').write_text('11726\n\n00002\n')
    dataset = load(tmp_path)
    first, second = dataset[0], dataset[1]
    assert first['img_path'].endswith('JPEGImages-test/11726.jpg')
    assert second['img_path'].endswith('JPEGImages-trainval/00002.jpg')
    # No pixel is subtracted, boxes end with the image, empty ones are gone.
    assert [(i['bbox_label'], i['bbox']) for i in first['instances']] == [
        (0, [1, 2, 3, 4]), (1, [70, 50, 79, 59])]
    assert second['instances'] == [
        dict(bbox=[0, 5, 80, 60], bbox_label=2, ignore_flag=0)]
    assert (second['width'], second['height']) == (80, 60)
    assert DATASETS.get('DIORVASDataset') is DIORVASDataset


def test_all_of_dior(tmp_path):
    root = write_set(tmp_path, {'1': [
        ('Expressway-Service-area', 0, 0, 9, 9), ('ship', 0, 0, 9, 9)]})
    classes = ('ship', 'Expressway-Service-area')
    dataset = load(root, metainfo=dict(classes=classes))
    assert [i['bbox_label'] for i in dataset[0]['instances']] == [1, 0]
    assert len(DIOR_CLASSES) == len(set(DIOR_CLASSES)) == 20


def test_small_boxes_can_be_ignored(tmp_path):
    root = write_set(tmp_path, {'1': [('ship', 0, 0, 9, 3)]})
    cfg = dict(filter_cfg=dict(bbox_min_size=4))
    assert load(root, **cfg)[0]['instances'][0]['ignore_flag'] == 1


@pytest.mark.parametrize('row, message', [
    (('boat', 0, 0, 9, 9), r"1\.xml, object 1: unknown class 'boat'"),
    (('ship', 0, 0, 'x', 9), 'object 1: <bndbox> needs numbers'),
    (('ship', 9, 0, 5, 9), 'object 1: the box .* has a negative side'),
])
def test_bad_object(tmp_path, row, message):
    good = ('ship', 0, 0, 9, 9)
    root = write_set(tmp_path, {'1': [good, row, good]})
    with pytest.raises(AnnotationError, match=message):
        load(root)
    with pytest.warns(UserWarning, match='skipped 1 bad'):
        assert len(load(root, on_error='skip')[0]['instances']) == 2


def test_missing_files(tmp_path):
    root = write_set(tmp_path, dict.fromkeys('1234', [('ship', 0, 0, 9, 9)]))
    (root / ANN / '2.xml').unlink()
    with pytest.raises(FileNotFoundError, match=r'2\.xml is missing'):
        load(root)
    (root / ANN / '3.xml').write_text('<annotation>')
    (root / 'JPEGImages-trainval/4.jpg').unlink()
    with pytest.warns(UserWarning, match='skipped 3 bad'):
        assert len(load(root, on_error='skip')) == 1
    (root / 'ImageSets/Main/a.txt').write_text('4\n')
    with pytest.raises(FileNotFoundError, match=r'4\.jpg is in none of '
                       r'.*JPEGImages-trainval'):
        load(root)
    with pytest.raises(FileNotFoundError, match='make_dior_vas.py --dior'):
        load(root, ann_file='ImageSets/Main/vas_train.txt')


def test_annotations_alone(tmp_path):
    root = write_set(tmp_path, {'1': [('ship', 0, 0, 9, 9)]})
    (root / 'JPEGImages-trainval/1.jpg').unlink()
    (root / 'JPEGImages-trainval').rmdir()
    with pytest.warns(UserWarning, match='only annotations are read'):
        assert len(load(root)[0]['instances']) == 1


def test_order_of_the_selection():
    """The first ten of the official test ids that qualify."""
    case = worked_case('lcb_yolov5', 'dior_vas_selection')
    order = vas_order(sorted(case['hash_order_first_10']))
    assert order == case['hash_order_first_10']
    digest = [hashlib.sha256(f'dior-vas:0:{i}'.encode()).hexdigest()
              for i in order]
    assert digest == sorted(digest)
    ids = [f'{i:05d}' for i in range(case['candidates'])]
    train, val = vas_split(ids)
    assert (len(train), len(val)) == (case['train'], case['val'])
    assert sorted(train + val) == ids and train == sorted(train)
    assert vas_split(ids, seed=1)[0] != train


def test_tool(tmp_path, capsys):
    tool = load_tool('dataset_converters/make_dior_vas.py')
    rows = {'1': [('ship', 0, 0, 9, 9)], '2': [],
            '3': [('vehicle', 0, 0, 9, 9), ('bridge', 0, 0, 9, 9)],
            '4': [('Airplane', 0, 0, 9, 9), ('vehicle', 0, 0, 9, 9)]}
    root = write_set(tmp_path, rows)
    with pytest.raises(SystemExit, match='list test not found'):
        tool.main(['--dior', str(root)])
    (root / 'ImageSets/Main/test.txt').write_text('1\n2\n3\n4\n')
    tool.main(['--dior', str(root)])
    assert '2 of 4 images' in capsys.readouterr().out
    lists = [(root / f'ImageSets/Main/vas_{name}.txt').read_text().split()
             for name in ('train', 'val')]
    assert lists == [['1', '4'], []]
    assert len(load(root, ann_file='ImageSets/Main/vas_train.txt')) == 2


@pytest.mark.skipif(not REAL.is_dir(), reason=f'{REAL} is not there')
def test_real_annotations(recwarn):
    folder = REAL / 'horizontal'
    ids = sorted(path.stem for path in folder.glob('*.xml'))
    bad = BadInput('raise')
    found = {i: read_dior_xml(str(folder / f'{i}.xml'), bad) for i in ids}
    assert len(found) == 120
    assert {image.size for image in found.values()} == {(800, 800)}
    names = {o.name for image in found.values() for o in image.objects}
    assert names <= set(DIOR_CLASSES)
    chosen = vas_candidates(str(folder), ids)
    for i in ids:
        members = {o.name for o in found[i].objects}
        assert (i in chosen) == (
            bool(members) and members <= {'vehicle', 'airplane', 'ship'})
    dataset = DIORVASDataset(
        data_root=str(REAL), ann_file=str(REAL / 'list.txt'),
        data_prefix=dict(sub_data_root=''), ann_subdir='horizontal')
    boxes = np.array([i['bbox'] for k in range(len(dataset))
                      for i in dataset[k]['instances']])
    assert len(boxes) and boxes.min() >= 0 and boxes.max() <= 800
