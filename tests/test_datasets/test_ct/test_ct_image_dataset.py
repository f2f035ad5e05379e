import nibabel
import numpy as np
import pytest
from mmdet.registry import DATASETS
from mmengine.registry import init_default_scope
from PIL import Image

from mmextra.datasets import AnnotationError, CTImageDataset
from tests.helpers import write_png

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='CropToBodyBox'),
    dict(type='Resize', scale=(32, 32), keep_ratio=False),
    dict(type='PackCTInputs')
]
NAMES = ('Normal_1_10_0001.png', 'CP_2_20_0002.png', 'NCP_3_30_0003.png')


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmdet')


@pytest.fixture
def root(tmp_path):
    for name in (*NAMES, '2_3_30_0003.png', 'crop.png'):
        Image.fromarray(np.full((20, 30), 7, np.uint8)).save(tmp_path / name)
    return tmp_path


def load(root, text, **kwargs):
    (root / 'list.txt').write_text(text)
    return DATASETS.build(dict(
        type='CTImageDataset', data_root=str(root), ann_file='list.txt',
        **kwargs))


def test_both_lists(root):
    data = load(root, f'{NAMES[2]} 2 3 4 30 20\n{NAMES[0]}\n\n{NAMES[1]} 1\n')
    infos = [data.get_data_info(i) for i in range(3)]
    assert [info['img_label'] for info in infos] == [2, 0, 1]
    assert [info['patient_id'] for info in infos] == ['3', '1', '2']
    assert infos[0]['body_box'] == [3, 4, 30, 20]
    assert 'body_box' not in infos[1] and infos[1]['instances'] == []
    assert data.get_cat_ids(0) == [2]
    assert data.metainfo['image_classes'] == ('Control', 'CP', 'COVID-19')
    wrapped = DATASETS.build(dict(
        type='ClassBalancedDataset', oversample_thr=0.5,
        dataset=dict(type='CTImageDataset', data_root=str(root),
                     ann_file='list.txt')))
    assert len(wrapped) >= 3


def test_label_reaches_the_sample(root):
    data = load(root, f'{NAMES[2]} 2 3 4 30 20\n', pipeline=PIPELINE)
    packed = data[0]
    assert packed['data_samples'].img_label == 2
    assert packed['data_samples'].patient_id == '3'
    # A single image, of which nothing is known
    alone = data.pipeline(dict(
        img_path=str(root / 'crop.png'), img_id=0))['data_samples']
    assert 'img_label' not in alone and alone.img_id == 0
    assert packed['data_samples'].ori_shape == (16, 27)
    assert packed['inputs'].shape == (3, 32, 32)


def test_names_of_other_data(root):
    classes = dict(metainfo=dict(image_classes=('healthy', 'ill')))
    data = load(root, 'crop.png 1\n', **classes)
    info = data.get_data_info(0)
    assert info['img_label'] == 1 and info['patient_id'] == ''
    with pytest.raises(AnnotationError, match='line 1.*tells the class'):
        load(root, 'crop.png\n', **classes)
    with pytest.raises(AnnotationError, match='class 2 is none of the 2'):
        load(root, 'crop.png 2\n', **classes)


def test_slices_of_a_volume(root):
    volume = np.zeros((9, 9, 3), np.int16)
    volume[..., 2] = -600
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)),
                 root / 'scan.nii.gz')
    lines = 'scan.nii.gz#0 0\nscan.nii.gz#2 1\n'
    data = load(root, lines, pipeline=[
        dict(type='LoadCTSlice'), *PIPELINE[2:]])
    assert [data.get_data_info(i)['img_id'] for i in range(2)] == [
        'scan#0', 'scan#2']
    assert (data[1]['inputs'] == 127).all()
    data = load(root, lines, pipeline=PIPELINE)
    with pytest.raises(AnnotationError, match='scan.nii.gz#0.*LoadCTSlice'):
        data[0]


def test_rename(root):
    info = load(root, f'{NAMES[2]} 2\n', rename=True).get_data_info(0)
    assert info['img_path'].endswith('2_3_30_0003.png')


@pytest.mark.parametrize('line, told', [
    ('NCP_3_30_0003.png 1', "says class 2, the line 1"),
    ('NCP_3_30_0003.png two', 'not whole numbers'),
    ('NCP_3_30_0003.png 2 0 0', 'has 4 words'),
    ('NCP_3_30_0003.png 2 0 0 9.5 3', 'not whole numbers')])
def test_bad_lines_are_named(root, line, told):
    with pytest.raises(AnnotationError, match=f'list.txt, line 2.*{told}'):
        load(root, f'{NAMES[0]}\n{line}\n')
    with pytest.warns(UserWarning, match=told):
        assert len(load(root, f'{NAMES[0]}\n{line}\n', on_error='skip')) == 1


@pytest.mark.parametrize('first, again, rename', [
    ('crop.png 1', 'crop.png 1', False), ('crop.png 1', './crop.png 0', False),
    (NAMES[2], '2_3_30_0003.png 2', True)])
def test_images_listed_twice_are_named(root, first, again, rename):
    text = f'{first}\n\n{NAMES[0]}\n{again}\n'
    if rename:
        (root / NAMES[0]).rename(root / '0_1_10_0001.png')
    with pytest.raises(AnnotationError, match=r'list.txt, line 4: .*'
                       r'(crop|2_3_30_0003).png is listed.* line 1'):
        load(root, text, rename=rename)
    with pytest.warns(UserWarning, match='skipped 1.*line 4'):
        data = load(root, text, rename=rename, on_error='skip')
    assert [info['img_label'] for info in (
        data.get_data_info(0), data.get_data_info(1))] == [
            2 if rename else 1, 0]


def test_missing_files_are_named(root):
    text = f'{NAMES[0]}\nNCP_9_9_9.png\n'
    with pytest.raises(FileNotFoundError, match='1 of 2.*\n.*NCP_9_9_9.png'):
        load(root, text)
    with pytest.warns(UserWarning, match='NCP_9_9_9'):
        assert len(load(root, text, on_error='skip')) == 1
    with pytest.raises(FileNotFoundError, match='list of the split'):
        CTImageDataset('other.txt', data_root=str(root))
    with pytest.raises(ValueError, match='no image is left'):
        load(root, '\n')


def test_sixteen_bits_are_not_cut_silently(root):
    Image.fromarray(np.full((20, 30), 30000, np.uint16)).save(root / NAMES[0])
    data = load(root, NAMES[0], pipeline=PIPELINE)
    with pytest.raises(AnnotationError, match='Normal_1_10_0001.*LoadCTSlice'):
        data[0]
    data = load(root, NAMES[0], pipeline=[
        dict(type='LoadCTSlice', offset=-30600), *PIPELINE[1:]])
    assert (data[0]['inputs'] == 127).all()


@pytest.mark.parametrize('channels', [2, 3, 4])
def test_nor_are_those_of_several_channels(root, channels):
    deep = np.full((20, 30, channels), 30000, np.uint16)
    write_png(root / NAMES[0], deep)
    data = load(root, NAMES[0], pipeline=PIPELINE)
    with pytest.raises(AnnotationError, match='Normal_1_10_0001.*one channel'):
        data[0]
    data = load(root, NAMES[0], pipeline=[
        dict(type='LoadCTSlice', offset=0), *PIPELINE[1:]])
    with pytest.raises(ValueError, match='Normal_1_10_0001.*16 bits and sev'):
        data[0]
    write_png(root / NAMES[0], np.uint8(deep // 300))
    data = load(root, NAMES[0], pipeline=PIPELINE)
    assert (data[0]['inputs'] == 100).all()
