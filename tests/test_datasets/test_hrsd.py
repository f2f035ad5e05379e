import shutil
import warnings

import cv2
import numpy as np
import pytest
from mmrotate.registry import DATASETS

from mmextra.datasets import AnnotationError, HRSDDataset
from mmextra.datasets.hrsd import PAPER_SPLITS

GOOD = '10 10 50 10 50 20 10 20 ship 0'


def write_set(root, labels, size=(100, 60), extension='.png'):
    """``labels``: id to lines, or to None for no text file."""
    for folder in ('images', 'labelTxt', 'ImageSets'):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for image_id, lines in labels.items():
        cv2.imwrite(
            str(root / f'images/{image_id}{extension}'),
            np.full((size[1], size[0], 3), 90, np.uint8))
        if lines is not None:
            (root / f'labelTxt/{image_id}.txt').write_text('\n'.join(lines))
    (root / 'ImageSets/train.txt').write_text(
        ''.join(f'{i}\n' for i in labels))
    return root


def load(root, ann_file='ImageSets/train.txt', **kwargs):
    return HRSDDataset(data_root=str(root), ann_file=ann_file, **kwargs)


def test_reads_sorted_with_real_sizes(tmp_path):
    write_set(tmp_path, dict(b=['imagesource:x', 'gsd:0.1', GOOD], a=None))
    write_set(tmp_path, dict(c=[]), size=(33, 44), extension='.jpg')
    (tmp_path / 'ImageSets/train.txt').write_text('c\nb\n\na\n')
    dataset = load(tmp_path)
    infos = [dataset.get_data_info(i) for i in range(3)]
    assert [i['img_id'] for i in infos] == ['a', 'b', 'c']
    assert [(i['width'], i['height']) for i in infos] == [
        (100, 60), (100, 60), (33, 44)
    ]
    assert infos[2]['img_path'].endswith('images/c.jpg')
    assert [len(i['instances']) for i in infos] == [0, 1, 0]
    assert infos[1]['instances'][0] == dict(
        bbox=[10, 10, 50, 10, 50, 20, 10, 20], bbox_label=0, ignore_flag=0)
    assert dataset.get_cat_ids(1) == [0]


def test_all_images_without_a_list(tmp_path):
    write_set(tmp_path / 'set', dict(b=[GOOD], a=[GOOD], c=None))
    (tmp_path / 'set/images/notes.txt').write_text('no image')
    shutil.move(str(tmp_path / 'set/labelTxt'), str(tmp_path / 'set/annfiles'))
    dataset = load(tmp_path / 'set', ann_file='', ann_subdir='annfiles')
    assert [dataset[i]['img_id'] for i in range(len(dataset))] == [
        'a', 'b', 'c'
    ]


def test_difficulty_threshold(tmp_path):
    lines = [GOOD, GOOD[:-1] + '1', GOOD[:-1] + '2', GOOD[:-2]]
    write_set(tmp_path, dict(a=lines))

    def flags(**kwargs):
        return [i['ignore_flag']
                for i in load(tmp_path, **kwargs)[0]['instances']]

    assert flags() == [0, 1, 1, 0]
    assert flags(diff_thr=1) == [0, 0, 1, 0]
    assert flags(diff_thr=100) == [0, 0, 0, 0]


def test_empty_images_are_filtered_in_training_only(tmp_path):
    write_set(tmp_path, dict(a=None, b=[GOOD]))
    cfg = dict(filter_cfg=dict(filter_empty_gt=True))
    assert len(load(tmp_path, **cfg)) == 1
    assert len(load(tmp_path, test_mode=True, **cfg)) == 2


def test_several_classes(tmp_path):
    write_set(tmp_path, dict(a=[GOOD, GOOD.replace('ship', 'raft')]))
    dataset = load(tmp_path, metainfo=dict(classes=('raft', 'ship')))
    assert [i['bbox_label'] for i in dataset[0]['instances']] == [1, 0]
    assert dataset.metainfo['classes'] == ('raft', 'ship')


@pytest.mark.parametrize('line,message', [
    (GOOD.replace('ship', 'harbor'),
     r"a\.txt, line 3: unknown class 'harbor'. Known are ship;"),
    ('10 10 ship 0', r'a\.txt, line 3: .*expected "x1 y1 .*got'),
    ('10 10 50 10 50 10 10 10 ship 0', r'line 3: the box .* has no area'),
    ('10 90 50 90 50 99 10 99 ship 0', 'line 3: .*outside of the image of '
     '100 x 60'),
])
def test_bad_line(tmp_path, line, message):
    write_set(tmp_path, dict(a=['gsd:1', GOOD, line, GOOD]))
    with pytest.raises(AnnotationError, match=message) as caught:
        load(tmp_path)
    assert 'on_error="skip"' in str(caught.value)
    with pytest.warns(UserWarning, match='skipped 1 bad'):
        dataset = load(tmp_path, on_error='skip')
    assert len(dataset[0]['instances']) == 2


def test_box_partly_outside_stays(tmp_path):
    lines = ['-30 -5 20 -5 20 10 -30 10 ship 0',
             '-20 -20 110 -20 110 5 -20 5 ship 0',
             # The centre is outside, a corner inside.
             '-50 -50 5 -50 5 5 -50 5 ship 0']
    assert len(load(write_set(tmp_path, dict(a=lines)))[0]['instances']) == 3


def test_bad_images(tmp_path):
    write_set(tmp_path, dict(a=[GOOD], b=[GOOD], c=[GOOD]))
    (tmp_path / 'images/b.png').write_text('no image')
    (tmp_path / 'images/c.png').unlink()
    with pytest.raises(ValueError, match=r'b\.png: cannot be read as an im'):
        load(tmp_path)
    with pytest.warns(UserWarning, match='skipped 2 bad images'):
        assert len(load(tmp_path, on_error='skip')) == 1
    (tmp_path / 'images/b.png').write_bytes(b'')
    with pytest.raises(ValueError, match=r'b\.png: .*set on_error="skip"'):
        load(tmp_path)
    (tmp_path / 'ImageSets/train.txt').write_text('a\nc\n')
    with pytest.raises(FileNotFoundError, match='image c is not in .*images'):
        load(tmp_path)


def test_replaced_image_is_measured_again(tmp_path):
    root = write_set(tmp_path, dict(a=[GOOD]))
    assert load(root)[0]['width'] == 100
    write_set(tmp_path, dict(a=[GOOD]), size=(70, 60))
    assert load(root)[0]['width'] == 70


@pytest.mark.parametrize('missing', [
    '', 'images', 'labelTxt', 'ImageSets/train.txt'])
def test_missing_data_shows_layout_and_command(tmp_path, missing):
    root = write_set(tmp_path / 'hrsd', dict(a=[GOOD]))
    path = root / missing
    path.unlink() if path.is_file() else shutil.rmtree(path)
    with pytest.raises(FileNotFoundError, match='not found') as caught:
        load(root)
    text = str(caught.value)
    assert str(path) in text and f'{root}/labelTxt/<id>.txt' in text
    assert 'tools/make_synthetic.py harbour' in text
    assert 'convert_hrsd.py --from hrsc_xml' in text
    assert 'tile_images.py' not in text.split('For a trial')[1]


def test_missing_tiles_show_how_to_cut_them(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        load(tmp_path / 'hrsd_1024')
    source = tmp_path / 'hrsd'
    text = str(caught.value)
    assert f'tile_images.py {source} {source}_1024' in text
    assert f'data/synthetic_harbour {source}\n' in text


def test_paper_split_is_only_a_warning(tmp_path):
    root = write_set(tmp_path, dict(a=[GOOD]))
    with pytest.warns(UserWarning, match='1 images and 1 ships.*1249 and 44'):
        assert len(load(root, paper_split='train')) == 1
    with pytest.raises(ValueError, match='paper_split must be one of'):
        load(root, paper_split='trainval')
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        load(root)


def test_paper_splits_add_up_to_less_than_its_totals():
    assert np.sum(list(PAPER_SPLITS.values()), 0).tolist() == [2497, 9266]


def test_is_in_the_registry():
    assert DATASETS.get('HRSDDataset') is HRSDDataset
