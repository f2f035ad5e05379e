import json
import shutil

import cv2
import numpy as np
import pytest

from mmextra.datasets import AnnotationError
from mmextra.datasets.converters.imagenet_vid import read_frame_list
from mmextra.datasets.ilsvrc_vid import (
    convert_det,
    convert_videos,
    find_videos,
    read_annotation,
    spread,
)
from tests.helpers import load_tool

XML = """<annotation><size><width>{width}</width><height>60</height></size>
{objects}</annotation>"""
OBJECT = """<object><trackid>{track}</trackid><name>{wnid}</name><bndbox>
<xmax>{x2}</xmax><xmin>5</xmin><ymax>50</ymax><ymin>10</ymin></bndbox>
<occluded>1</occluded><generated>0</generated></object>"""
DOG, CAR = 'n02084071', 'n02958343'


def write_frame(root, video, stem, objects=(), width=80, image=True):
    text = ''.join(OBJECT.format(track=t, wnid=w, x2=40 + t)
                   for t, w in objects)
    path = root / 'Annotations/VID' / video / f'{stem}.xml'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(XML.format(width=width, objects=text))
    if image:
        path = root / 'Data/VID' / video / f'{stem}.JPEG'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'')
    return path


@pytest.fixture
def root(tmp_path):
    """Two videos to train on, one to test on."""
    for stem, objects in (('000000', [(0, DOG)]), ('000001', []),
                          ('000002', [(0, DOG), (3, CAR)])):
        write_frame(tmp_path, 'train/x/dogs', stem, objects)
    for stem in ('9', '10', '8'):
        write_frame(tmp_path, 'train/x/cars', stem,
                    [(0, CAR), (1, 'n00000000')])
    write_frame(tmp_path, 'val/one', '000000', [(0, DOG)])
    return tmp_path


def test_frames_tracks_and_boxes(root):
    names = find_videos(str(root), ['train/*'])
    assert names == ['train/x/cars', 'train/x/dogs']
    with pytest.warns(UserWarning, match='3 objects of 1 classes'):
        videos, images = convert_videos(str(root), names, True)
    assert [(i['file_name'].split('/')[-1], i['frame_id'], i['video_id'])
            for i in videos['images']] == [
        ('8.JPEG', 0, 1), ('9.JPEG', 1, 1), ('10.JPEG', 2, 1),
        ('000000.JPEG', 0, 2), ('000001.JPEG', 1, 2), ('000002.JPEG', 2, 2)]
    found = videos['annotations']
    assert [(a['image_id'], a['category_id'], a['instance_id'])
            for a in found] == [(1, 7, 1), (2, 7, 1), (3, 7, 1), (4, 9, 2),
                                (6, 9, 2), (6, 7, 3)]
    assert found[-1]['bbox'] == [5, 10, 38, 40] and found[-1]['area'] == 1520
    assert len({a['id'] for a in found}) == len(found)
    assert found[0]['occluded'] == 1 and found[0]['generated'] == 0
    assert [c['id'] for c in videos['categories']] == list(range(1, 31))
    assert all(i['is_vid_train_frame'] for i in videos['images'])
    assert len(images['images']) == 6


def test_gaps_are_told_and_processes_change_nothing(root):
    (root / 'Annotations/VID/train/x/dogs/000001.xml').unlink()
    names = find_videos(str(root), ['train/x/dogs'])
    with pytest.warns(UserWarning, match='gaps'):
        one, _ = convert_videos(str(root), names, True)
    assert [i['frame_id'] for i in one['images']] == [0, 1]
    with pytest.warns(UserWarning, match='gaps'):
        two, _ = convert_videos(str(root), names, True, workers=1)
    assert one == two


def test_frames_for_single_images(root):
    assert spread(4, 15) == [0, 1, 2, 3]
    assert spread(100, 5) == [10, 30, 50, 70, 90]
    names = find_videos(str(root), ['train/x/dogs'])
    _, images = convert_videos(str(root), names, True,
                               {'train/x/dogs': [0, 2]})
    assert [i['frame_id'] for i in images['images']] == [0, 2]
    assert len(images['annotations']) == 3
    _, images = convert_videos(str(root), names, True, frames_per_video=1)
    assert [i['frame_id'] for i in images['images']] == [1]


def test_bad_input_is_named(root):
    with pytest.raises(FileNotFoundError, match='matches'):
        find_videos(str(root), ['test/*'])
    write_frame(root, 'val/two', '000000', image=False)
    with pytest.raises(AnnotationError, match='000000.JPEG.*missing'):
        convert_videos(str(root), ['val/two'], False)
    write_frame(root, 'val/three', '000000')
    write_frame(root, 'val/three', '000001', width=81)
    with pytest.raises(AnnotationError, match='sizes'):
        convert_videos(str(root), ['val/three'], False)
    write_frame(root, 'val/four', 'first')
    with pytest.raises(AnnotationError, match='frame number'):
        convert_videos(str(root), ['val/four'], False)
    path = root / 'broken.xml'
    for text, problem in (('<annotation>', 'not well-formed XML'),
                          ('<annotation/>', 'no ILSVRC annotation'),
                          (XML.format(width=8, objects='<object/>'),
                           'hold one <bndbox>'),
                          (XML.format(width=8, objects=OBJECT.format(
                              track=0, wnid=DOG, x2=2)), 'negative side')):
        path.write_text(text)
        with pytest.raises(AnnotationError, match=problem):
            read_annotation(str(path))


def test_det(root):
    with pytest.raises(FileNotFoundError, match='ImageNet DET'):
        convert_det(str(root))
    for k, wnid in enumerate([DOG, DOG, CAR, 'n00000000']):
        path = root / f'Annotations/DET/train/a/im_{k}.xml'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(XML.format(width=80, objects=OBJECT.format(
            track=0, wnid=wnid, x2=30)))
    found = convert_det(str(root))
    assert [i['file_name'] for i in found['images']] == [
        f'train/a/im_{k}.JPEG' for k in range(3)]
    assert len(convert_det(str(root), 1)['images']) == 2


def test_command_line_writes_what_the_generator_wrote(moving, tmp_path):
    root = tmp_path / 'copy'
    shutil.copytree(moving, root)
    shutil.rmtree(root / 'annotations')
    tool = load_tool('dataset_converters/imagenet_vid.py')
    with pytest.warns(UserWarning, match='3862'):
        tool.main([str(root)])
    for name in ('imagenet_vid_train', 'imagenet_vid_val',
                 'imagenet_vid_train_15frames'):
        path = f'annotations/{name}.json'
        assert json.loads((root / path).read_text()) == json.loads(
            (moving / path).read_text())
    tool.main([str(root), '--split', 'mine=train/train_0001'])
    data = json.loads((root / 'annotations/imagenet_vid_mine.json'
                       ).read_text())
    assert len(data['videos']) == 1
    with pytest.raises(SystemExit, match='nothing'):
        tool.main([str(root), '--split', 'x=nothing'])
    lists = tmp_path / 'list.txt'
    lists.write_text('train/train_0001 1 2 5\n')
    assert read_frame_list(lists) == {'train/train_0001': [2]}
    lists.write_text('train/train_0001 1\n')
    with pytest.raises(ValueError, match='line 1'):
        read_frame_list(lists)


def test_bad_files_come_out_of_worker_processes(root):
    path = root / 'Annotations/VID/train/x/dogs/000001.xml'
    path.write_text('<annotation>')
    names = find_videos(str(root), ['train/*'])
    with pytest.raises(AnnotationError, match='000001.xml'):
        convert_videos(str(root), names, True, workers=2)


def test_linked_folders_and_other_extensions(root, tmp_path_factory):
    other = tmp_path_factory.mktemp('elsewhere')
    for kind in ('Annotations/VID', 'Data/VID'):
        (other / kind).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(root / kind / 'train', other / kind)
        (root / kind / 'train').symlink_to(other / kind)
        # In a circle.
        (root / kind / 'val/again').symlink_to(root / kind)
    names = find_videos(str(root), ['train/*'])
    assert names == ['train/x/cars', 'train/x/dogs']
    for path, suffix in zip(sorted((root / 'Data/VID/train/x/cars').iterdir()),
                            ('.jpg', '.jpeg', '.JPEG')):
        path.rename(path.with_suffix(suffix))
    with pytest.warns(UserWarning, match='none of the 30'):
        videos, _ = convert_videos(str(root), names, True)
    assert [i['file_name'] for i in videos['images'][:3]] == [
        'train/x/cars/8.jpeg', 'train/x/cars/9.JPEG', 'train/x/cars/10.jpg']


def test_two_objects_of_one_track_id_are_two(root):
    for stem in ('000000', '000001'):
        write_frame(root, 'val/twins', stem, [(4, DOG), (4, CAR), (5, DOG)])
    with pytest.warns(UserWarning, match='2 times two objects .*val/twins/00'
                      '0000, trackid 4'):
        videos, _ = convert_videos(str(root), ['val/twins'], False)
    assert [a['instance_id'] for a in videos['annotations']] == [
        1, 2, 3, 1, 2, 3]


def test_classes_by_name_and_frames_of_another_size(root):
    write_frame(root, 'val/names', '000000', [(0, DOG), (1, CAR)])
    path = root / 'Annotations/VID/val/names/000000.xml'
    path.write_text(path.read_text().replace(DOG, 'Red Panda'))
    image = root / 'Data/VID/val/names/000000.JPEG'
    cv2.imwrite(str(image.with_suffix('.jpg')),
                np.zeros((40, 90, 3), np.uint8))
    image.unlink()
    with pytest.warns(UserWarning, match='90 x 40, annotated as 80 x 60'):
        videos, _ = convert_videos(str(root), ['val/names'], False)
    assert [a['category_id'] for a in videos['annotations']] == [21, 7]


def test_lists_say_how_much_of_them_fits(root):
    names = find_videos(str(root), ['train/x/dogs'])
    with pytest.raises(ValueError, match='2 videos and 3 frames; 0 of these '
                       'videos and 0 .*another release'):
        convert_videos(str(root), names, True, dict(a=[1, 2], b=[3]))
    with pytest.raises(ValueError, match='1 of these videos and 0 of'):
        convert_videos(str(root), names, True, {'train/x/dogs': [500]})
    with pytest.warns(UserWarning, match='2 of these frames are among'):
        convert_videos(str(root), names, True,
                       {'train/x/dogs': [0, 2, 500], 'a': [1]})
    with pytest.warns(UserWarning, match='among the 2 videos'):
        convert_videos(str(root), find_videos(str(root), ['train/*']), True,
                       {'train/x/dogs': [0, 2]})


def test_a_list_of_videos_is_no_list_of_frames(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_text('val/a 1 0 464\nval/b 465 0 464\n')
    with pytest.raises(ValueError, match='list of videos'):
        read_frame_list(path)
    path.write_bytes(b'\xef\xbb\xbftrain\\a 1 10 300\r\n')
    assert read_frame_list(path) == {'train/a': [10]}
