import builtins
from functools import partial

import nibabel
import numpy as np
import pytest
from mmdet.registry import TRANSFORMS
from PIL import Image

from mmextra.datasets.transforms import (
    CropToBodyBox,
    LoadCTSlice,
    SemSegToInstances,
    hu_window,
)
from mmextra.datasets.transforms.load_ct_slice import slice_size
from tests.covid_helpers import write_dicom
from tests.helpers import worked_case


def load(path, **kwargs):
    loader = TRANSFORMS.build(dict(type='LoadCTSlice', **kwargs))
    return loader(dict(img_path=str(path)))


def test_window():
    case = worked_case('covid_ct_mask_net', 'hu_window')
    assert hu_window(np.array(case['hu'])).tolist() == case['u8']
    share = hu_window(np.array(case['hu'])) / 255
    assert np.allclose(share, case['x'], atol=1 / 255)
    assert hu_window(np.array([30, 40, 50]), 20, 40).tolist() == [0, 127, 255]


@pytest.fixture
def dicom(tmp_path):
    return partial(write_dicom, tmp_path / 'slice.dcm')


def test_dicom(dicom):
    # Hounsfield units -1350, -600, -50 and 150 by slope and intercept
    stored = np.array([[0, 375], [650, 750]])
    results = load(dicom(stored))
    assert results['img'][..., 0].tolist() == [[0, 127], [221, 255]]
    assert results['img'].shape == (2, 2, 3)
    assert results['img_shape'] == results['ori_shape'] == (2, 2)
    inverted = load(dicom(stored, 'MONOCHROME1'), to_rgb=False)
    assert inverted['img'].tolist() == [[255, 128], [34, 0]]


def test_nifti(tmp_path):
    volume = np.full((3, 4, 2), -1350, np.int16)
    volume[0, 3, 1] = 150      # patient's left and front after the flip below
    path = tmp_path / 'scan.nii.gz'
    # The first axis runs to the left: canonical order turns it round.
    nibabel.save(nibabel.Nifti1Image(volume, np.diag([-1, 1, 1, 1])), path)
    image = load(f'{path}#1')['img']
    assert image.shape == (4, 3, 3)
    # Front is up; the patient's right is on the left of the picture.
    assert np.argwhere(image[..., 0] == 255).tolist() == [[0, 0]]
    assert (load(f'{path}#0')['img'] == 0).all()
    for wrong in ('', '#2', '#x'):
        with pytest.raises(ValueError, match='scan.nii.gz'):
            load(f'{path}{wrong}')


@pytest.mark.parametrize('order', [
    (0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_size_is_that_of_the_loaded_slice(tmp_path, dicom, order):
    affine = np.eye(4)
    affine[:3, :3] = np.diag([1, -1, 1])[list(order)]
    volume = np.zeros((3, 4, 5), np.int16)
    nibabel.save(nibabel.Nifti1Image(volume, affine), tmp_path / 'a.nii.gz')
    path = f'{tmp_path}/a.nii.gz#2'
    assert slice_size(path) == load(path)['img_shape'][::-1]
    with pytest.raises(ValueError, match='no slice 5'):
        slice_size(path.replace('#2', '#5'))
    assert slice_size(str(dicom(np.zeros((3, 4))))) == (4, 3)


def test_volumes_of_eight_bits_are_taken_as_they_are(tmp_path):
    volume = np.arange(12, dtype=np.uint8).reshape(3, 4, 1)
    path = tmp_path / 'scan.nii'
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), path)
    image = load(f'{path}#0')['img']
    assert image.shape == (4, 3, 3) and image.flags.c_contiguous
    assert (image == volume[::-1, ::-1, 0].T[..., None]).all()
    grey = load(f'{path}#0', to_rgb=False)['img']
    assert grey.shape == (4, 3) and grey.flags.c_contiguous


def test_images(tmp_path):
    path = tmp_path / 'deep.png'
    Image.fromarray(np.full((2, 3), 424, np.uint16)).save(path)
    assert (load(path, offset=-1024)['img'] == 127).all()
    with pytest.raises(ValueError, match='deep.png.*offset'):
        load(path)
    grey = tmp_path / 'grey.png'
    Image.fromarray(np.full((2, 3), 99, np.uint8)).save(grey)
    assert (load(grey)['img'] == 99).all()
    assert load(grey)['img'].shape == (2, 3, 3)
    assert load(grey, to_rgb=False)['img'].shape == (2, 3)


def test_named_errors(tmp_path, dicom, monkeypatch):
    with pytest.raises(FileNotFoundError, match='nowhere.dcm'):
        load(tmp_path / 'nowhere.dcm')
    (tmp_path / 'text.png').write_text('no image')
    with pytest.raises(ValueError, match='text.png'):
        load(tmp_path / 'text.png')
    with pytest.raises(ValueError, match='window_width'):
        LoadCTSlice(window_width=0)
    path = dicom(np.zeros((2, 2)))
    (tmp_path / 'scan.nii').write_bytes(b'')
    stock = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split('.')[0] in ('pydicom', 'nibabel'):
            raise ImportError(name)
        return stock(name, *args, **kwargs)

    monkeypatch.setattr(builtins, '__import__', without)
    with pytest.raises(ImportError, match='pip install pydicom'):
        load(path)
    with pytest.raises(ImportError, match='pip install nibabel'):
        load(f'{tmp_path}/scan.nii#0')


def test_crop_to_body_box():
    crop = CropToBodyBox()
    image = np.arange(200).reshape(10, 20)
    done = crop(dict(img=image, body_box=[-3, 2, 8, 99], img_path='a'))
    assert np.array_equal(done['img'], image[2:, :8])
    assert done['img_shape'] == done['ori_shape'] == (8, 8)
    assert crop(dict(img=image))['img'] is image
    with pytest.raises(ValueError, match='a.png'):
        crop(dict(img=image, body_box=[20, 0, 30, 5], img_path='a.png'))


def test_sem_seg_to_instances(tmp_path):
    mask = np.ones((30, 30), np.uint8)
    mask[5:17, 5:17] = 3
    Image.fromarray(mask).save(tmp_path / 'm.png')
    done = TRANSFORMS.build(dict(type='SemSegToInstances'))(
        dict(seg_map_path=str(tmp_path / 'm.png')))
    assert [each['bbox'] for each in done['instances']] == [[5, 5, 17, 17]]
    assert (done['height'], done['width']) == (30, 30)
    with pytest.raises(ValueError, match='m.png: has unknown values 1'):
        SemSegToInstances({3: 0}, background=())(
            dict(seg_map_path=str(tmp_path / 'm.png')))


def test_images_that_cannot_be_read_are_named(tmp_path, monkeypatch):
    path = tmp_path / 'grey.png'
    Image.fromarray(np.random.default_rng(0).integers(
        0, 99, (40, 40), np.uint8)).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:60])
    with pytest.raises(ValueError, match='grey.png: cannot be decoded'):
        load(path)
    with pytest.warns(UserWarning, match='skipped 1 .*grey.png'):
        assert load(path, on_error='skip') is None
    path.write_bytes(whole)
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 99)
    with pytest.raises(ValueError, match='grey.png: .*1600 pixels'):
        load(path)
    with pytest.raises(ValueError, match='on_error must be'):
        load(path, on_error='ignore')


@pytest.mark.parametrize('dtype', [np.uint16, np.float32])
def test_deep_images_of_unknown_scale(tmp_path, dtype):
    path = tmp_path / 'deep.tif'
    Image.fromarray(np.full((4, 5), 424, dtype)).save(path)
    with pytest.raises(ValueError, match='deep.tif: .*offset=-1024'):
        load(path)
    assert (load(path, offset=-1024)['img'] == 127).all()


def test_pages_of_an_image_are_not_dropped(tmp_path):
    path = tmp_path / 'pages.tif'
    pages = [Image.new('L', (5, 4), k) for k in range(3)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    with pytest.raises(ValueError, match='pages.tif: has 3 pages'):
        load(path)
