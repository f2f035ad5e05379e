import nibabel
import numpy as np
import pytest
from mmdet.registry import DATASETS
from mmengine.registry import init_default_scope
from PIL import Image

from mmextra.datasets import AnnotationError, CTImageDataset
from tests.covid_helpers import write_dicom
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


def test_one_text_is_one_class(root):
    data = load(root, 'crop.png 0\n', metainfo=dict(image_classes='covid'))
    assert data.metainfo['image_classes'] == ('covid', )
    with pytest.raises(ValueError, match='image_classes|classes must be te'):
        load(root, 'crop.png 0\n', metainfo=dict(image_classes=(1, 2)))


@pytest.mark.parametrize('prefix', [
    'imgs\\', 'data/COVIDx-CT/', 'C:\\COVIDx-CT\\', '/home/of/COVIDx/', './'])
@pytest.mark.parametrize('listed', [NAMES[2], '2_3_30_3.png', 'crop.png'])
def test_paths_of_other_machines(root, prefix, listed):
    data = load(root, f'{prefix}{listed} 2\n')
    info = data.get_data_info(0)
    assert info['img_path'].rpartition('/')[0].rstrip('/.') == str(root)
    assert info['img_label'] == 2
    assert info['patient_id'] == ('' if listed == 'crop.png' else '3')
    with pytest.raises(FileNotFoundError, match='1 of 1 images do not exist'):
        load(root, f'{prefix}gone.png 2\n')


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


@pytest.fixture
def documented(tmp_path):
    """The layout of the page: COVIDx-CT's images, the authors' list."""
    folder = tmp_path / 'covidx_ct/images'
    folder.mkdir(parents=True)
    for name in NAMES:
        Image.fromarray(np.full((20, 30), 7, np.uint8)).save(folder / name)
    return folder


@pytest.mark.parametrize('rename', [False, True])
@pytest.mark.parametrize('there, listed', [
    ('{}_{}_{}_{}.png', '{0}_{1}_{2}_{3}.png'),
    ('{}_{}_{}_{}.png', '{4}_{1}_{2}_{3}.png'),
    ('{4}_{1}_{2}_{3}.png', '{0}_{1}_{2}_{3}.png'),
    ('{4}_{1}_{2}_{3}.jpg', '{0}_{1}_{2}_0{3}.png')])
def test_either_list_goes_with_either_images(tmp_path, rename, there, listed):
    parts = [(0, 1, 10, '0001', 'Normal'), (1, 2, 20, '0002', 'CP'),
             (2, 3, 30, '0003', 'NCP')]
    for part in parts:
        Image.new('L', (30, 20)).save(tmp_path / there.format(*part))
    # Another slice of the same scan is no stand-in.
    Image.new('L', (30, 20)).save(tmp_path / 'NCP_3_30_0004.png')
    text = ''.join(listed.format(*part) + '\n' for part in parts)
    data = load(tmp_path, text, rename=rename)
    infos = [data.get_data_info(k) for k in range(3)]
    assert [info['img_path'] for info in infos] == [
        str(tmp_path / there.format(*part)) for part in parts]
    assert [info['img_label'] for info in infos] == [0, 1, 2]
    with pytest.raises(FileNotFoundError, match='1 of 4 images do not exist'):
        load(tmp_path, text + '2_3_31_0003.png\n', rename=rename)


def test_one_image_under_both_names_is_listed_twice(documented):
    with pytest.raises(AnnotationError, match='line 2: .* listed already'):
        load(documented, 'NCP_3_30_0003.png 2\n2_3_30_0003.png\n')


@pytest.mark.parametrize('there, asked', [
    ('val_COVIDx_CT-1.txt', 'val_COVIDx-CT.txt'),
    ('val_COVIDx-CT.txt', 'val_COVIDx_CT-1.txt'),
    ('splits/v1/val_COVIDx_CT-1.txt', 'val_COVIDx_CT-1.txt'),
    ('splits/v1/val_COVIDx_CT-1.txt', 'val_COVIDx-CT.txt')])
def test_lists_under_the_names_of_then_and_today(documented, there, asked):
    root = documented.parent
    (root / there).parent.mkdir(parents=True, exist_ok=True)
    (root / there).write_text(f'{NAMES[0]} 0\n')
    data = CTImageDataset(asked, data_root=str(root),
                          data_prefix=dict(img='images/'))
    assert len(data) == 1 and data.ann_file == str(root / there)
    with pytest.raises(FileNotFoundError, match='test_COVIDx-CT.txt'):
        CTImageDataset('test_COVIDx-CT.txt', data_root=str(root),
                       data_prefix=dict(img='images/'))


RELEASES = [
    ('coronacases_010-0075.png', 'coronacases_010', ''),
    ('LIDC-IDRI-0273-1.3.6.1.4-0032.png', 'LIDC-IDRI-0273', '1.3.6.1.4'),
    ('normal4_patient377_SR_2_IM00004.png', 'patient377', 'SR_2')]


def test_lists_of_the_later_releases(root):
    for name, _, _ in RELEASES:
        Image.new('L', (30, 20)).save(root / name)
    data = load(root, ''.join(
        f'{name} 2 1 2 30 20\n' for name, _, _ in RELEASES))
    for k, (_, patient, scan) in enumerate(RELEASES):
        info = data.get_data_info(k)
        assert (info['patient_id'], info['scan_id']) == (patient, scan)
        assert info['img_label'] == 2 and info['body_box'] == [1, 2, 30, 20]
    with pytest.raises(AnnotationError, match='nor the line tells the class'):
        load(root, f'{RELEASES[0][0]}\n')
    # Of names of another kind nothing is guessed.
    Image.new('L', (30, 20)).save(root / '1_scan_of_2020.png')
    info = load(root, '1_scan_of_2020.png 2\n').get_data_info(0)
    assert info['patient_id'] == info['scan_id'] == ''


def write_slices(root):
    """A good DICOM file, one of colours, one cut short; their list."""
    write_dicom(root / 'a.dcm', np.full((20, 30), 375))
    write_dicom(root / 'b.dcm', np.zeros((20, 30)), 'PALETTE COLOR')
    whole = write_dicom(root / 'c.dcm', np.zeros((20, 30))).read_bytes()
    (root / 'c.dcm').write_bytes(whole[:-9])
    return 'a.dcm 0\nb.dcm 1\nc.dcm 2\n'


def test_bad_slices_are_skipped(root):
    pipeline = [dict(type='LoadCTSlice'), *PIPELINE[2:]]
    lines = write_slices(root)
    data = load(root, lines, pipeline=pipeline)
    with pytest.raises(ValueError, match='b.dcm.*PALETTE'):
        data[1]
    with pytest.warns(UserWarning, match='skipped 1 .*b.dcm.*PALETTE'):
        data = load(root, lines, pipeline=pipeline, on_error='skip')
    assert len(data) == 2
    with pytest.warns(UserWarning, match='c.dcm.*skipped'):
        drawn = {data[1]['data_samples'].img_label for _ in range(3)}
    assert drawn == {0}
    with pytest.warns(UserWarning, match='b.dcm'):
        data = load(root, lines, pipeline=pipeline, on_error='skip',
                    test_mode=True)
    with pytest.raises(ValueError, match='c.dcm'):
        data[1]


def test_folders_with_a_hash(tmp_path):
    folder = tmp_path / 'C#' / 'imgs'
    folder.mkdir(parents=True)
    Image.new('L', (30, 20), 7).save(folder / NAMES[0])
    Image.new('L', (30, 20), 9).save(folder / 'case#1.png')
    for pipeline in (PIPELINE, [dict(type='LoadCTSlice'), *PIPELINE[1:]]):
        data = load(folder, f'{NAMES[0]} 0\ncase#1.png 1\n',
                    pipeline=pipeline)
        assert data.get_data_info(1)['img_id'] == 'case#1'
        assert [int(each['inputs'].max()) for each in data] == [7, 9]


def test_images_of_unknown_class_in_test_mode(root):
    """For inference alone; training still needs the class."""
    with pytest.warns(UserWarning, match='of 1 of 2 images the class is not'):
        data = load(root, f'crop.png\n{NAMES[0]}\n', pipeline=PIPELINE,
                    test_mode=True)
    assert 'img_label' not in data[0]['data_samples']
    assert data[1]['data_samples'].img_label == 0
    with pytest.raises(AnnotationError, match='tells the class'):
        load(root, 'crop.png\n')
