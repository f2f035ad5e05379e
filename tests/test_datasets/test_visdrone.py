import shutil

import cv2
import numpy as np
import pytest
from mmdet.registry import TRANSFORMS
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmengine.runner import set_random_seed

from mmextra.datasets import AnnotationError, VisDroneDataset
from tests.helpers import worked_case

GOOD = '10,20,30,40,1,4,0,0'


def write_set(root, annotations, size=(900, 600)):
    """``annotations``: id to text, or to None for no text file."""
    for folder in ('images', 'annotations'):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for img_id, text in annotations.items():
        cv2.imwrite(str(root / f'images/{img_id}.jpg'),
                    np.full((size[1], size[0], 3), 90, np.uint8))
        if text is not None:
            (root / f'annotations/{img_id}.txt').write_text(text)
    return root


def load(root, **kwargs):
    return VisDroneDataset(data_root=str(root), **kwargs)


def test_native_text(tmp_path):
    case = worked_case('lcb_yolov5', 'visdrone_parse')
    dataset = load(write_set(tmp_path, dict(a=case['text'])))
    info = dataset[0]
    assert (info['width'], info['height']) == (900, 600)
    assert len(info['instances']) == len(case['rows'])
    for found, row in zip(info['instances'], case['rows']):
        assert found['ignore_kind'] == row.pop('kind')
        # What is ignored must index the class names all the same.
        row['bbox_label'] = max(row['bbox_label'], 0)
        assert {key: found[key] for key in row} == row
    assert list(dataset.metainfo['classes']) == case['class_names']
    assert len(dataset.metainfo['palette']) == 10


def test_score_zero_is_ignored(tmp_path):
    root = write_set(tmp_path, dict(a='1,2,3,4,0,5,0,0\n'))
    item, = load(root)[0]['instances']
    assert (item['ignore_flag'], item['ignore_kind']) == (1, 'others')


def test_regions_are_crowds_of_every_class_in_tests(tmp_path):
    root = write_set(tmp_path, dict(a=f'0,0,50,50,0,0,0,0\n{GOOD}\n'
                                    '5,5,9,9,0,11,0,0\n'))
    rows = load(root, test_mode=True)[0]['instances']
    assert [r['bbox_label'] for r in rows] == [*range(10), 3, 0]
    assert sum(r['ignore_kind'] == 'region' for r in rows) == 10
    for kwargs in (dict(), dict(test_mode=True, replicate_ignored=False)):
        assert len(load(root, **kwargs)[0]['instances']) == 3


def test_some_classes(tmp_path):
    root = write_set(tmp_path, dict(
        a='\n'.join(GOOD.replace(',4,', f',{c},') for c in (0, 1, 4, 9))))
    dataset = load(root, metainfo=dict(classes=('bus', 'car')))
    assert [(i['bbox_label'], i['ignore_flag'])
            for i in dataset[0]['instances']] == [(0, 1), (1, 0), (0, 0)]
    assert dataset.get_cat_ids(0) == [0, 1, 0]


def test_images_without_objects(tmp_path):
    root = write_set(tmp_path, dict(b=GOOD, a='', c='0,0,50,50,0,0,0,0'))
    assert [load(root)[i]['img_id'] for i in range(3)] == ['a', 'b', 'c']
    cfg = dict(filter_cfg=dict(filter_empty_gt=True))
    assert len(load(root, **cfg)) == 1
    assert len(load(root, test_mode=True, **cfg)) == 3
    write_set(root, dict(d=GOOD), size=(900, 599))
    assert len(load(root, filter_cfg=dict(min_size=600))) == 3


@pytest.mark.parametrize('line, message', [
    ('1,2,3,4,1', r'a\.txt, line 2: expected left,top.* got 5 fields'),
    ('1,2,3,4,1,4,0,0,7', 'got 9 fields'),
    ('1,2,3,4,1,x,0,0', "line 2: expected whole numbers, got '1,2,3,4,1,x"),
    ('1,2,-3,4,1,4,0,0', 'line 2: .*negative side: width -3, height 4'),
    ('1,2,3,4,1,12,0,0', 'line 2: category 12 is unknown, legal are 0 .*11'),
])
def test_bad_line(tmp_path, line, message):
    root = write_set(tmp_path, dict(a=f'{GOOD}\n{line}\n{GOOD}\n'))
    with pytest.raises(AnnotationError, match=message) as caught:
        load(root)
    assert 'on_error="skip"' in str(caught.value)
    with pytest.warns(UserWarning, match='skipped 1 bad'):
        dataset = load(root, on_error='skip')
    assert len(dataset[0]['instances']) == 2


@pytest.mark.parametrize('box', [
    '900,0,20,20', '0,600,20,20', '-20,10,20,20', '10,-30,20,20'])
def test_boxes_outside_of_the_image_are_left_out(tmp_path, box):
    part = '890,590,20,20,1,4,0,0'
    root = write_set(tmp_path, dict(a=f'{part}\n{box},1,4,0,0\n'
                                    f'{box},0,0,0,0\n'))
    with pytest.warns(UserWarning, match=(
            r'left out 2 boxes; .*a\.txt, line 2: .*outside .* 900 x 600')):
        dataset = load(root)
    item, = dataset[0]['instances']
    assert item['bbox'] == [890, 590, 910, 610]


def test_files_that_lack_their_partner(tmp_path):
    root = write_set(tmp_path, dict(a=GOOD, b=None))
    with pytest.raises(FileNotFoundError, match=r'b\.jpg has no annotation'):
        load(root)
    (root / 'annotations/b.txt').write_text('')
    (root / 'annotations/c.txt').write_text('')
    with pytest.raises(FileNotFoundError, match=r'c\.txt has no image'):
        load(root)
    (root / 'images/b.jpg').write_text('no image')
    with pytest.warns(UserWarning, match='skipped 2 bad'):
        assert len(load(root, on_error='skip')) == 1


@pytest.mark.parametrize('missing', ['images', 'annotations', ''])
def test_missing_folder_shows_layout_and_command(tmp_path, missing):
    root = write_set(tmp_path / 'set', dict(a=GOOD))
    shutil.rmtree(root / missing)
    with pytest.raises(FileNotFoundError, match='not found') as caught:
        load(root)
    text = str(caught.value)
    assert f'{root}/VisDrone2019-DET-(train|val|test-dev)/images' in text
    assert f'python tools/make_synthetic.py aerial {root}' in text


def test_nothing_left(tmp_path):
    with pytest.raises(ValueError, match='no image is left'):
        load(write_set(tmp_path, {}))


def test_ignored_flags_travel_through_the_augmentation(tmp_path):
    """A region stays ignored and where it was, relative to an object."""
    init_default_scope('mmdet')
    text = '100,100,40,20,1,4,0,0\n160,100,60,80,0,0,0,0\n'
    root = write_set(tmp_path, dict(a=text, b=text), size=(256, 256))
    steps = [dict(type='LoadImageFromFile'),
             dict(type='LoadAnnotations', with_bbox=True)]
    dataset = load(root, pipeline=steps)
    seen = 0
    for seed in range(8):
        set_random_seed(seed)
        results = dict(dataset[0], mix_results=[dataset[1]] * 3)
        results = Compose([TRANSFORMS.build(cfg) for cfg in (
            dict(type='Mosaic', img_scale=(256, 256)),
            dict(type='CenteredRandomAffine', max_rotate_degree=0.,
                 max_shear_degree=0., max_translate_ratio=0.,
                 scaling_ratio_range=(.5, .5), border=(-128, -128)))]
        )(results)
        flags = results['gt_ignore_flags'].astype(bool)
        boxes = results['gt_bboxes'].tensor.numpy()
        for region in boxes[flags]:
            for box in boxes[~flags]:
                if np.allclose(box[2] - box[0], 20) and np.allclose(
                        region[:2] - box[:2], [30, 0], atol=.6):
                    seen += 1
    assert seen > 10
