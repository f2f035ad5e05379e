"""Annotations as people have them: of DIOR, COCO, ImageNet VID and VOC."""
import json
from pathlib import Path

import pytest
from mmengine.registry import init_default_scope

from mmextra.datasets import (
    AnnotationError,
    DIORVASDataset,
    ImageNetVIDDataset,
)
from tests.test_datasets.native_sets import (
    build,
    caught,
    change_json,
    coco_content,
    picture,
    rebuild,
    record,
    voc_xml,
)


def test_images_of_dior_in_one_folder(tmp_path):
    init_default_scope('mmdet')
    build('DIOR', tmp_path, picture())
    (tmp_path / 'JPEGImages-test').rename(tmp_path / 'JPEGImages')
    dataset = DIORVASDataset(
        data_root=str(tmp_path), ann_file='ImageSets/Main/train.txt',
        serialize_data=False)
    assert dataset.get_data_info(0)['img_path'].endswith('JPEGImages/a.jpg')


def test_oriented_boxes_of_dior_are_named(tmp_path):
    init_default_scope('mmdet')
    build('DIOR', tmp_path, picture())
    path = next(tmp_path.rglob('a.xml'))
    path.write_text(path.read_text().replace('bndbox', 'robndbox'))
    with pytest.raises(AnnotationError, match='oriented .*horizontal boxes'):
        rebuild('DIOR', tmp_path)()


# COCO's entries


@pytest.fixture(params=['COCO', 'VID'])
def coco_kind(request):
    init_default_scope('mmdet')
    return request.param


@pytest.mark.parametrize('change', [
    lambda c: c['annotations'][0].update(area=0),
    lambda c: c['annotations'][0].update(area=0.0, segmentation=[]),
    lambda c: c['annotations'][0].update(area=None, iscrowd=None),
    lambda c: c['annotations'][0].update(iscrowd=False, attributes={}),
    lambda c: c['images'][0].update(file_name='images\\a.jpg'),
    lambda c: c.update(info={}, licenses=[]),
    lambda c: c['categories'].insert(0, dict(
        id=7, name=c['categories'][0]['name'], supercategory='none'))])
def test_what_exporters_write_is_read(coco_kind, tmp_path, change):
    build(coco_kind, tmp_path, picture())
    change_json(tmp_path, change)
    dataset = rebuild(coco_kind, tmp_path)()
    assert len(record(coco_kind, dataset)['instances']) == 1
    assert Path(record(coco_kind, dataset)['img_path']).exists()


def test_namesakes_are_told(coco_kind, tmp_path):
    build(coco_kind, tmp_path, picture())
    change_json(tmp_path, lambda c: c['categories'].insert(0, dict(
        id=7, name=c['categories'][0]['name'])))
    _, told = caught(rebuild(coco_kind, tmp_path))
    assert 'dropped 1 categories' in told


def test_annotations_under_another_key_are_no_images_alone(coco_kind,
                                                           tmp_path):
    build(coco_kind, tmp_path, picture())
    change_json(tmp_path, lambda c: c.update(
        annotation=c.pop('annotations')))
    with pytest.raises(AnnotationError, match="'annotations' must be a list"):
        rebuild(coco_kind, tmp_path)(test_mode=True)


def test_boxes_to_be_ignored_are_told(coco_kind, tmp_path):
    build(coco_kind, tmp_path, picture())
    change_json(tmp_path, lambda c: c['annotations'].append(
        dict(c['annotations'][0], id=1, ignore=1)))
    dataset, told = caught(rebuild(coco_kind, tmp_path))
    assert len(record(coco_kind, dataset)['instances']) == 1
    assert 'left out 1 boxes that are marked by "ignore"' in told


@pytest.mark.parametrize('key, value', [
    ('image_id', '0'), ('category_id', '0')])
def test_an_id_of_another_type_is_told(coco_kind, tmp_path, key, value):
    build(coco_kind, tmp_path, picture())
    change_json(tmp_path, lambda c: c['annotations'][0].update(
        {key: value}))
    with pytest.raises(AnnotationError, match=f'{key} .0. is none.*reads the '
                       'same is'):
        rebuild(coco_kind, tmp_path)()


def test_the_nearest_category_is_named(coco_kind, tmp_path):
    build(coco_kind, tmp_path, picture(), name='dog')
    change_json(tmp_path, lambda c: c['categories'][0].update(name='dogs'))
    kwargs = dict(classes=('dog', )) if coco_kind == 'COCO' else dict(
        metainfo=dict(classes=('dog', )))
    with pytest.raises(AnnotationError, match="nearest 'dogs'"):
        rebuild(coco_kind, tmp_path)(**kwargs)


def test_spellings_of_vid_are_folded(tmp_path):
    init_default_scope('mmdet')
    build('VID', tmp_path, picture())
    change_json(tmp_path, lambda c: c['categories'][0].update(
        name='red panda'))
    dataset, told = caught(rebuild('VID', tmp_path),
                           metainfo=dict(classes=('red_panda', )))
    assert len(record('VID', dataset)['instances']) == 1
    assert "'red panda' for 'red_panda'" in told


def video(root, ids):
    """A file of two frames with two objects each."""
    content = coco_content('.jpg', (5, 5, 25, 20), 'dog', (80, 60))
    (root / 'images').mkdir(exist_ok=True)
    (root / 'images/a.jpg').write_bytes(picture())
    content['images'] = [dict(content['images'][0], id=k, frame_id=k)
                         for k in range(2)]
    content['annotations'] = [
        dict(content['annotations'][0], id=k, image_id=k // 2, instance_id=i)
        for k, i in enumerate(ids)]
    for item in content['annotations']:
        if item['instance_id'] is None:
            del item['instance_id']
    (root / 'v.json').write_text(json.dumps(content))
    init_default_scope('mmdet')
    dataset, told = caught(
        ImageNetVIDDataset, data_root=str(root), ann_file='v.json',
        metainfo=dict(classes=('dog', )), test_mode=True)
    return [[item['instance_id'] for item in frame['instances']]
            for frame in dataset.get_data_info(0)['images']], told


def test_track_ids_from_zero_stay_tracks(tmp_path):
    assert video(tmp_path, (0, 1, 1, 0)) == ([[1, 2], [2, 1]], '')
    assert video(tmp_path, (1, 2, 2, 1)) == ([[1, 2], [2, 1]], '')


def test_track_ids_that_tell_nothing_apart_are_told(tmp_path):
    ids, told = video(tmp_path, (None, None, None, None))
    assert '4 of 4 boxes have no instance_id' in told
    assert len({each for frame in ids for each in frame}) == 4
    _, told = video(tmp_path, (1, 1, 1, 1))
    assert '2 boxes have the instance_id of another' in told


# VOC's lists


def voc_set(root, difficult=0, **kwargs):
    build('VOC', root, picture())
    (root / 'VOC2012/Annotations/a.xml').write_text(
        voc_xml((5, 5, 25, 20), 'boat', (80, 60), difficult))
    return rebuild('VOC', root)(**kwargs)


def test_a_list_of_difficult_objects_says_so(tmp_path):
    init_default_scope('mmdet')
    with pytest.raises(AnnotationError, match="no box of .'boat'.*1 of 'boat'"
                       ' marked difficult .use_difficult=True'):
        voc_set(tmp_path, 1, ann_shot_filter=dict(boat=1))
    assert len(voc_set(tmp_path, 1, ann_shot_filter=dict(boat=1),
                       use_difficult=True)) == 1


@pytest.mark.parametrize('value', [-1, 2])
def test_difficult_is_0_or_1(tmp_path, value):
    init_default_scope('mmdet')
    with pytest.raises(AnnotationError, match='a.xml, object 0.*<difficult> '
                       f'must be 0 or 1, got {value}'):
        voc_set(tmp_path, value)


@pytest.mark.parametrize('options, reason', [
    (dict(filter_cfg=dict(min_size=100)), 'below 100 pixels'),
    (dict(min_bbox_area=1e4), 'min_bbox_area=10000')])
def test_what_left_no_shot_is_said(tmp_path, options, reason):
    init_default_scope('mmdet')
    with pytest.raises(AnnotationError, match=f"1 of 'boat' in .*{reason}"):
        voc_set(tmp_path, ann_shot_filter=dict(boat=1), **options)


def test_the_list_of_voc_for_one_class(tmp_path):
    init_default_scope('mmdet')
    build('VOC', tmp_path, picture())
    (tmp_path / 'train.txt').write_text('VOC2012/JPEGImages/a.jpg -1\n')
    assert len(rebuild('VOC', tmp_path)()) == 1


def test_unknown_classes_of_voc_are_told(tmp_path):
    init_default_scope('mmdet')
    _, told = caught(voc_set, tmp_path, classes=('Boat', 'Dog'),
                     test_mode=True)
    assert "no object is called 'Boat' or 'Dog'" in told
    assert "nearest 'boat'" in told and '1 boat' in told
