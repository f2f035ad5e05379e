import nibabel
import numpy as np
import pytest
import torch
from mmdet.registry import DATASETS
from mmengine.registry import init_default_scope
from PIL import Image

from mmextra.datasets import AnnotationError, CTLesionDataset
from tests.covid_helpers import write_dicom
from tests.helpers import write_png

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='Resize', scale=(128, 128), keep_ratio=True),
    dict(type='PackCTInputs')
]


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmdet')


def put(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def slice_mask(ggo=True, consolidation=True):
    mask = np.zeros((64, 80), np.uint8)
    mask[5:60, 5:75] = 1
    if ggo:
        mask[10:25, 10:30] = 2
    if consolidation:
        mask[25:40, 10:30] = 3
        mask[45:57, 40:60] = 3
    return mask


@pytest.fixture
def flat(tmp_path):
    image = np.arange(64 * 80, dtype=np.uint8).reshape(64, 80)
    for name, mask in (('0_10', slice_mask()), ('0_20', slice_mask(False)),
                       ('3_10', slice_mask(False, False))):
        put(tmp_path / f'imgs/{name}.jpg', image)
        put(tmp_path / f'masks/{name}.png', mask)
    (tmp_path / 'train.txt').write_text('3_10.jpg\n0_10.jpg\n\n')
    return tmp_path


@pytest.mark.parametrize('prefix', ['imgs\\', 'data/imgs/', '/home/imgs/'])
def test_paths_of_other_machines(flat, prefix):
    (flat / 'train.txt').write_text(f'{prefix}3_10.jpg\n')
    data = DATASETS.build(dict(
        type='CTLesionDataset', data_root=str(flat), ann_file='train.txt',
        metainfo=dict(classes='lesion')))
    assert data.get_data_info(0)['img_id'] == '3_10'
    assert data.metainfo['classes'] == ('lesion', )


def test_flat_layout(flat):
    data = DATASETS.build(dict(
        type='CTLesionDataset', data_root=str(flat), pipeline=PIPELINE))
    assert data.metainfo['classes'] == ('lesion', )
    assert [data.get_data_info(i)['img_id'] for i in range(3)] == [
        '0_10', '0_20', '3_10']
    info = data.get_data_info(0)
    assert (info['patient_id'], info['slice_id']) == ('0', '10')
    assert (info['width'], info['height']) == (80, 64)
    # Ground glass and consolidation touch, and are one lesion.
    assert [each['bbox'] for each in info['instances']] == [
        [10, 10, 30, 40], [40, 45, 60, 57]]
    assert data.get_cat_ids(0) == [0, 0] and data.get_cat_ids(2) == []

    packed = data[0]
    sample = packed['data_samples']
    assert packed['inputs'].shape == (3, 102, 128)
    masks = sample.gt_instances.masks.to_tensor(torch.bool, 'cpu')
    boxes = sample.gt_instances.bboxes.tensor
    assert boxes[0].tolist() == pytest.approx(
        [16, 15.9375, 48, 63.75], abs=1e-3)
    for mask, box in zip(masks, boxes):
        rows, columns = torch.nonzero(mask, as_tuple=True)
        assert abs(columns.min() - box[0]) <= 1
        assert abs(rows.max() + 1 - box[3]) <= 1
    assert len(sample.instances) == 2 and sample.patient_id == '0'


@pytest.mark.parametrize('mode, classes, labels', [
    ('both', ('ggo', 'consolidation'), [0, 1, 1]), ('ggo', ('ggo', ), [0])])
def test_class_modes(flat, mode, classes, labels):
    data = CTLesionDataset(data_root=str(flat), class_mode=mode)
    assert data.metainfo['classes'] == classes
    assert data.get_cat_ids(0) == labels


def test_lists_and_slices_without_lesions(flat):
    args = dict(data_root=str(flat), ann_file='train.txt')
    data = CTLesionDataset(**args)
    assert [data.get_data_info(i)['img_id'] for i in range(2)] == [
        '3_10', '0_10']
    empty = dict(filter_cfg=dict(filter_empty_gt=True))
    assert len(CTLesionDataset(**args, **empty)) == 1
    assert len(CTLesionDataset(**args, **empty, test_mode=True)) == 2
    with pytest.raises(ValueError, match='min_area'):
        CTLesionDataset(**args, **empty, min_area=5000)


def test_nested_layout(flat, tmp_path):
    root = tmp_path / 'raw'
    for path in sorted(flat.glob('imgs/*')) + sorted(flat.glob('masks/*')):
        patient, slice_id = path.name.split('_')
        place = root / path.parent.name / patient / slice_id
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    args = dict(data_root=str(root), layout='nested')
    data, plain = CTLesionDataset(**args), CTLesionDataset(data_root=str(flat))
    for i in range(3):
        a, b = data.get_data_info(i), plain.get_data_info(i)
        for key in ('img_id', 'patient_id', 'slice_id', 'instances'):
            assert a[key] == b[key]
    for lines in ('3_10.jpg\n', '3/10.jpg\n'):
        (root / 'one.txt').write_text(lines)
        listed = CTLesionDataset(ann_file='one.txt', **args)
        assert listed.get_data_info(0)['img_id'] == '3_10'


def test_missing_files_are_named(flat):
    (flat / 'masks/0_20.png').unlink()
    with pytest.raises(FileNotFoundError, match='1 of 3 .*\n.*0_20.png'):
        CTLesionDataset(data_root=str(flat))
    with pytest.warns(UserWarning, match='0_20.png'):
        assert len(CTLesionDataset(
            data_root=str(flat), on_error='skip')) == 2
    (flat / 'train.txt').write_text('9_9.jpg\n0_10.jpg\n')
    with pytest.raises(FileNotFoundError, match='train.txt: 1 of 2.*9_9'):
        CTLesionDataset(data_root=str(flat), ann_file='train.txt')
    (flat / 'train.txt').write_text('0_10.jpg\n0_10.png\n')
    with pytest.raises(ValueError, match='more than once'):
        CTLesionDataset(data_root=str(flat), ann_file='train.txt')
    with pytest.raises(FileNotFoundError, match='make_synthetic.py ct'):
        CTLesionDataset(data_root=str(flat / 'nowhere'))


CT_PIPELINE = [dict(type='LoadCTSlice'), *PIPELINE[1:]]


@pytest.mark.parametrize('layout', ['flat', 'nested'])
def test_dicom(tmp_path, layout):
    name = '7_1.2.30' if layout == 'flat' else '7/1.2.30'
    put(tmp_path / f'masks/{name}.png', slice_mask())
    path = tmp_path / f'imgs/{name}.dcm'
    path.parent.mkdir(parents=True)
    write_dicom(path, np.full((64, 80), 375))
    (tmp_path / 'list.txt').write_text(f'{name}.dcm\n')
    args = dict(data_root=str(tmp_path), layout=layout)
    for ann_file in ('', 'list.txt'):
        data = CTLesionDataset(
            ann_file=ann_file, pipeline=CT_PIPELINE, **args)
        info = data.get_data_info(0)
        assert (info['patient_id'], info['slice_id']) == ('7', '1.2.30')
        assert len(info['instances']) == 2
    packed = data[0]
    assert packed['inputs'].shape == (3, 102, 128)
    assert (packed['inputs'] == 127).all()
    assert packed['data_samples'].gt_instances.masks.height == 102
    with pytest.raises(AnnotationError, match='1.2.30.dcm.*LoadCTSlice'):
        CTLesionDataset(pipeline=PIPELINE, **args)
    write_dicom(path, np.zeros((80, 64)))
    with pytest.raises(AnnotationError, match='is 80 x 64, but .*64 x 80'):
        CTLesionDataset(pipeline=CT_PIPELINE, **args)
    path.write_bytes(b'no slice')
    with pytest.raises(ValueError, match='1.2.30.dcm: is no DICOM image'):
        CTLesionDataset(pipeline=CT_PIPELINE, **args)


def test_slices_of_a_volume(tmp_path):
    # 80 to the left, 64 to the front, as the affine says: turned on loading.
    volume = np.full((64, 80, 3), -1350, np.int16)
    volume[..., 2] = -600
    affine = np.array([[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0],
                       [0, 0, 0, 1.]])
    (tmp_path / 'imgs').mkdir()
    nibabel.save(nibabel.Nifti1Image(volume, affine),
                 tmp_path / 'imgs/scan.nii.gz')
    put(tmp_path / 'masks/scan_2.png', slice_mask())
    listed = tmp_path / 'list.txt'
    args = dict(data_root=str(tmp_path), ann_file='list.txt')
    listed.write_text('scan.nii.gz#2\n')
    data = CTLesionDataset(pipeline=CT_PIPELINE, **args)
    info = data.get_data_info(0)
    assert [info[key] for key in ('img_id', 'patient_id', 'slice_id')] == [
        'scan_2', 'scan', '2']
    assert len(info['instances']) == 2 and (data[0]['inputs'] == 127).all()
    for pipeline, line, told in (
            (PIPELINE, 'scan.nii.gz#2', 'scan.nii.gz#2.*LoadCTSlice'),
            (CT_PIPELINE, 'scan.nii.gz', 'needs the number of its slice'),
            (CT_PIPELINE, 'scan.nii.gz#3', 'has no slice 3')):
        name = line[:4] + line[11:].replace('#', '_')
        put(tmp_path / f'masks/{name}.png', slice_mask())
        listed.write_text(line)
        with pytest.raises(ValueError, match=told):
            CTLesionDataset(pipeline=pipeline, **args)
    listed.write_text('lost.nii.gz#1')
    with pytest.raises(FileNotFoundError, match='lost_1'):
        CTLesionDataset(pipeline=CT_PIPELINE, **args)
    with pytest.raises(AnnotationError, match='scan.nii.gz: is a volume.*#12'):
        CTLesionDataset(pipeline=CT_PIPELINE, data_root=str(tmp_path))


@pytest.mark.parametrize('layout', ['flat', 'nested'])
def test_masks_without_image_are_named(flat, layout):
    args = dict(data_root=str(flat), layout=layout)
    imgs, name = flat / 'imgs', '0_20'
    if layout == 'nested':
        for path in [*imgs.iterdir(), *(flat / 'masks').iterdir()]:
            patient, slice_id = path.name.split('_')
            (path.parent / patient).mkdir(exist_ok=True)
            path.rename(path.parent / patient / slice_id)
        name = '0/20'
    (imgs / f'{name}.jpg').unlink()
    with pytest.raises(AnnotationError, match=f'masks.*1 of 3 .*: {name}'):
        CTLesionDataset(**args)
    with pytest.warns(UserWarning, match='1 of 3 masks'):
        assert len(CTLesionDataset(**args, on_error='skip')) == 2
    # Other slices than those of a list may lie beside them.
    assert len(CTLesionDataset(**args, ann_file='train.txt')) == 2


def test_bad_slices_are_named(flat):
    put(flat / 'masks/0_20.png', slice_mask() * 85)
    with pytest.raises(AnnotationError, match='0_20.png: has unknown'):
        CTLesionDataset(data_root=str(flat))
    put(flat / 'masks/0_20.png', slice_mask()[:, :70])
    with pytest.raises(AnnotationError, match='0_20.png: is 70 x 64'):
        CTLesionDataset(data_root=str(flat))
    put(flat / 'masks/0_20.png', slice_mask())
    (flat / 'imgs/0_20.jpg').unlink()
    put(flat / 'imgs/0_20.png', np.zeros((64, 80), np.uint16))
    with pytest.raises(AnnotationError, match='0_20.png: has more than eight'):
        CTLesionDataset(data_root=str(flat), pipeline=PIPELINE)
    write_png(flat / 'imgs/0_20.png', np.zeros((64, 80, 3), np.uint16))
    with pytest.raises(AnnotationError, match='0_20.png: has more than eight'):
        CTLesionDataset(data_root=str(flat), pipeline=PIPELINE)
    put(flat / 'imgs/0_20.png', np.zeros((64, 80), np.uint16))
    deep = [dict(type='LoadCTSlice', offset=-1024), *PIPELINE[1:]]
    assert len(CTLesionDataset(data_root=str(flat), pipeline=deep)) == 3
    for path in [*flat.glob('imgs/*'), *flat.glob('masks/*')]:
        path.unlink()
    with pytest.raises(ValueError, match='no slice is left'):
        CTLesionDataset(data_root=str(flat))


def test_unknown_options(flat):
    for wrong in (dict(layout='deep'), dict(class_mode='all'),
                  dict(on_error='warn')):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            CTLesionDataset(data_root=str(flat), **wrong)


def test_colour_slices_are_three_channels_as_they_are(flat):
    image = np.zeros((64, 80, 3), np.uint8)
    image[..., 0] = 200
    put(flat / 'imgs/0_10.png', image)
    (flat / 'imgs/0_10.jpg').unlink()
    data = CTLesionDataset(data_root=str(flat), pipeline=PIPELINE)
    # OpenCV's order: blue first.
    assert data[0]['inputs'][:, 50, 60].tolist() == [0, 0, 200]


def test_slices_without_masks_in_test_mode(tmp_path):
    """For inference alone; training still needs the masks."""
    (tmp_path / 'imgs').mkdir()
    for name in ('0_1', '0_2'):
        Image.fromarray(np.zeros((40, 50), np.uint8)).save(
            tmp_path / f'imgs/{name}.png')
    with pytest.warns(UserWarning, match='masks.*for inference alone'):
        data = CTLesionDataset(
            data_root=str(tmp_path), test_mode=True, pipeline=[])
    info = data.get_data_info(1)
    assert (info['img_id'], info['width'], info['height']) == ('0_2', 50, 40)
    assert info['instances'] == [] and 'seg_map_path' not in info
    with pytest.raises(FileNotFoundError, match='folder of masks'):
        CTLesionDataset(data_root=str(tmp_path), pipeline=[])
    # A folder that lacks some is a mistake also then.
    (tmp_path / 'masks').mkdir()
    with pytest.raises(FileNotFoundError, match='2 of 2 images have no mask'):
        CTLesionDataset(data_root=str(tmp_path), test_mode=True, pipeline=[])
