import json

import pytest
from mmengine.registry import init_default_scope

from mmextra.datasets import (
    AnnotationError,
    FewShotCocoDataset,
    ImageNetVIDDataset,
)
from mmextra.datasets.coco_json import read_coco


def content(**frames):
    return dict(
        images=[dict(id=k, file_name=f'{k}.png', width=80, height=60,
                     **{key: value[k] for key, value in frames.items()})
                for k in range(2)],
        categories=[dict(id=1, name='cup'), dict(id=2, name='dog')],
        # The second has no area, the third lies outside.
        annotations=[dict(id=k, image_id=0, category_id=1, bbox=box)
                     for k, box in enumerate((
                         [1, 2, 30, 40], [5, 5, 0, 8], [90, 5, 9, 9]))])


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'a.json'


@pytest.mark.parametrize('change, message', [
    (lambda c: c.pop('images'), "'images' must be a list"),
    (lambda c: c['images'].append(3), r'images\[2\]: must be an object'),
    (lambda c: c['images'][1].update(id=0), 'id 0 is given twice'),
    (lambda c: c['images'][1].update(width=0), 'width must be a positive'),
    (lambda c: c['images'][1].update(frame_id=-1), 'frame_id must be'),
    (lambda c: (c['categories'][1].update(name='cup'),
                c['annotations'][2].update(category_id=2)),
     "name 'cup' is given twice, with ids .1, 2."),
    (lambda c: c['annotations'][2].update(image_id=7), 'none of the images'),
    (lambda c: c['annotations'][2].update(category_id=7), 'of the categ'),
    (lambda c: c['annotations'][2].update(bbox=[1, 2, -3, 4]), 'bbox must'),
    (lambda c: c['annotations'][2].update(bbox=[1, 2, 10**400, 4]), 'bbox'),
    (lambda c: c['annotations'][2].update(area='12'), 'area must be'),
])
def test_bad_entries_are_named(path, change, message):
    data = content()
    change(data)
    path.write_text(json.dumps(data))
    with pytest.raises(AnnotationError, match=f'a.json.*{message}'):
        read_coco(str(path))


def test_boxes_that_are_left_out_are_told(path):
    init_default_scope('mmdet')
    path.write_text(json.dumps(content(video_id=(1, 1), frame_id=(0, 1))))
    told = 'a.json: left out 2 boxes'
    with pytest.warns(UserWarning, match=told):
        videos = ImageNetVIDDataset(
            ann_file=str(path), metainfo=dict(classes=('cup', 'dog')))
    assert [len(frame['instances']) for frame in videos[0]['images']] == [
        1, 0]
    with pytest.warns(UserWarning, match=told):
        shots = FewShotCocoDataset(
            ann_file=str(path), classes=('cup', 'dog'), test_mode=True)
    assert len(shots.get_data_info(0)['instances']) == 1


def test_a_frame_without_video_is_told(path):
    init_default_scope('mmdet')
    data = content(video_id=(1, 1), frame_id=(0, 1))
    del data['images'][1]['video_id']
    path.write_text(json.dumps(data))
    with pytest.raises(AnnotationError, match='image 1: has no video_id'):
        ImageNetVIDDataset(
            ann_file=str(path), metainfo=dict(classes=('cup', 'dog')))
