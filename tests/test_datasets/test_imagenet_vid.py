import json
import shutil

import numpy as np
import pytest
from mmdet.datasets.samplers import TrackImgSampler
from mmengine.dataset import Compose

from mmextra.datasets import AnnotationError, ImageNetVIDDataset
from mmextra.datasets.ilsvrc_classes import VID_CLASSES
from mmextra.datasets.transforms import ThinningClipSample
from tests.helpers import worked_case

CLASSES = ('airplane', 'car', 'watercraft')


def build(root, split='train', **options):
    options = dict(dict(
        data_root=str(root), ann_file=f'annotations/imagenet_vid_{split}.json',
        data_prefix=dict(img_path='Data/VID/'),
        metainfo=dict(classes=CLASSES), pipeline=[]), **options)
    return ImageNetVIDDataset(**options)


def edited(root, tmp_path, change):
    """A copy of the training file, changed."""
    data = json.loads(
        (root / 'annotations/imagenet_vid_train.json').read_text())
    change(data)
    path = tmp_path / 'changed.json'
    path.write_text(json.dumps(data))
    return str(path)


def test_videos_and_labels(moving):
    data = json.loads(
        (moving / 'annotations/imagenet_vid_train.json').read_text())
    dataset = build(moving)
    assert [len(dataset.get_data_info(k)['images']) for k in range(4)] == [
        2, 5, 8, 1]
    names = {c['id']: c['name'] for c in data['categories']}
    wanted = [(names[a['category_id']], a['instance_id'])
              for a in data['annotations'] if a['video_id'] == 2]
    found = [(CLASSES[item['bbox_label']], item['instance_id'])
             for frame in dataset.get_data_info(1)['images']
             for item in frame['instances']]
    assert found == wanted
    assert len(ImageNetVIDDataset.METAINFO['classes']) == len(VID_CLASSES)


def test_frames_are_sorted_and_empty_ones_stay(moving, tmp_path):
    def change(data):
        data['images'].reverse()
        data['annotations'] = [a for a in data['annotations']
                               if a['video_id'] != 3]
    dataset = build(moving, ann_file=edited(moving, tmp_path, change))
    by_id = {dataset.get_data_info(k)['video_id']:
             dataset.get_data_info(k) for k in range(4)}
    assert len(by_id[3]['images']) == 8
    for video in by_id.values():
        ids = [frame['frame_id'] for frame in video['images']]
        assert ids == list(range(len(ids))) and video[
            'video_length'] == len(ids)


def test_short_videos_are_left_out_of_training_only(moving):
    cfg = dict(filter_empty_gt=False, min_size=1, min_video_length=5)
    assert len(build(moving, filter_cfg=cfg)) == 2
    assert len(build(moving, filter_cfg=cfg, test_mode=True)) == 4


def test_test_mode_keeps_the_last_video(moving, monkeypatch):
    dataset = build(moving, test_mode=True)
    first = dataset.get_data_info(1)
    assert dataset.get_data_info(1) is first
    assert dataset.get_data_info(2) is not first
    train = build(moving)
    assert train.get_data_info(1) is not train.get_data_info(1)


def test_clip_from_files(moving):
    dataset = build(moving, pipeline=[
        ThinningClipSample(num_frames=3),
        dict(type='mmdet.TransformBroadcaster', transforms=[
            dict(type='mmdet.LoadImageFromFile'),
            dict(type='mmdet.LoadTrackAnnotations')]),
        dict(type='mmdet.ClipSSDGeometric', img_scale=(32, 32)),
        dict(type='mmdet.PackTrackInputs')])
    for k in range(4):
        item = dataset[k]
        assert item['inputs'].shape == (4, 3, 32, 32)
        assert len(item['data_samples']) == 4
        for frame in item['data_samples'].video_data_samples:
            assert len(frame.gt_instances.bboxes) == len(
                frame.gt_instances.labels)


@pytest.mark.parametrize(
    'item', worked_case('feature_forecast', 'video_sharding')['items'])
def test_sharding_of_the_worked_cases(item, monkeypatch):
    class Videos(ImageNetVIDDataset):
        test_mode = True

        def __init__(self):
            pass

        def __len__(self):
            return len(item['lens'])

        def get_len_per_video(self, index):
            return item['lens'][index]

    for rank, expected in enumerate(item['expected']):
        monkeypatch.setattr('mmdet.datasets.samplers.track_img_sampler.'
                            'get_dist_info', lambda r=rank:
                            (r, item['world']))
        sampler = TrackImgSampler(Videos(), seed=0)
        indices = list(sampler)
        assert len(indices) == len(sampler) == expected['frames']
        assert indices == [(v, t) for v in expected['videos']
                           for t in range(item['lens'][v])]


@pytest.mark.parametrize('change, text', [
    (lambda d: d['images'][3].pop('frame_id'), 'has no frame_id'),
    (lambda d: d['images'][3].update(frame_id=0), 'are both frame 0'),
])
def test_bad_frames_are_told(moving, tmp_path, change, text):
    with pytest.raises(AnnotationError, match=text):
        build(moving, ann_file=edited(moving, tmp_path, change))


def test_classes_must_be_those_of_the_file_in_order(moving):
    for wrong in (CLASSES[::-1], ('car', 'boat')):
        with pytest.raises(AnnotationError, match='in its order'):
            build(moving, metainfo=dict(classes=wrong))


def test_missing_files_are_told(moving, tmp_path):
    with pytest.raises(FileNotFoundError, match='imagenet_vid.py'):
        build(tmp_path)
    with pytest.raises(FileNotFoundError, match='Data/DET'):
        build(moving, data_prefix=dict(img_path='Data/DET/'))
    root = tmp_path / 'copy'
    shutil.copytree(moving, root)
    (root / 'Data/VID/train/train_0001/000003.JPEG').unlink()
    load = Compose([dict(type='mmdet.TransformBroadcaster', transforms=[
        dict(type='mmdet.LoadImageFromFile')])])
    dataset = build(root, test_mode=True, pipeline=load.transforms)
    assert dataset.prepare_data((1, 2))['img'][0].dtype == np.uint8
    with pytest.raises(FileNotFoundError, match='000003.JPEG.*Restore'):
        dataset.prepare_data((1, 3))
