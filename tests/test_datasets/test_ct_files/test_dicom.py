import os.path as osp
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest

from mmextra.datasets import ct_files
from mmextra.datasets.ct_files import SliceError, slice_size
from mmextra.datasets.transforms import LoadCTSlice
from tests.covid_helpers import write_dicom

HU = np.array([[-1024, -600, -50], [150, 0, 400]])
STORED = HU + 1024


def load(path, **kwargs):
    return LoadCTSlice(to_rgb=False, **kwargs)(dict(img_path=str(path)))[
        'img']


@pytest.fixture
def edited(tmp_path):
    """A CT of slope 1 and intercept -1024, changed by a function."""

    def edited(change, name='case.dcm', stored=STORED):
        path = write_dicom(tmp_path / name, stored)
        data = pydicom.dcmread(path)
        data.Modality = 'CT'
        data.RescaleSlope, data.RescaleIntercept = 1, -1024
        change(data)
        data.save_as(path)
        return path

    return edited


def without(*keys):
    def change(data):
        for key in keys:
            delattr(data, key)
    return change


def empty(*keys):
    def change(data):
        for key in keys:
            data[key].value = None
    return change


def put(**values):
    def change(data):
        for key, value in values.items():
            setattr(data, key, value)
    return change


BOTH = ('RescaleSlope', 'RescaleIntercept')


@pytest.mark.parametrize('keys', [BOTH, BOTH[:1], BOTH[1:]])
@pytest.mark.parametrize('kind', [without, empty])
def test_unknown_scale_is_an_error(edited, keys, kind):
    path = edited(kind(*keys))
    with pytest.raises(SliceError, match='case.dcm.*' + '.*'.join(keys)
                       + '.*offset=-1024'):
        load(path)
    offset = load(path, offset=-1024)
    assert (offset == load(edited(lambda data: None, 'good.dcm'))).all()


@pytest.mark.parametrize('key', BOTH)
@pytest.mark.parametrize('value', ['2\\3', 'nan', 'inf'])
def test_scales_that_are_no_number(edited, key, value):
    def change(data):
        # As it stands in a file: pydicom lets none of these be set.
        data.pop(key)
        data._dict[pydicom.tag.Tag(key)] = pydicom.dataelem.RawDataElement(
            pydicom.tag.Tag(key), 'DS', len(value), value.encode(), 0,
            False, True)
    with pytest.raises(SliceError, match=f'case.dcm: {key}'):
        load(edited(change))


def test_slope_of_zero(edited):
    with pytest.raises(SliceError, match='RescaleSlope is 0'):
        load(edited(put(RescaleSlope=0)))


@pytest.mark.parametrize('change, told', [
    (put(Modality='MR'), 'modality MR'), (put(Modality='PT'), 'modality PT'),
    (put(RescaleType='US'), 'RescaleType US')])
def test_other_values_are_told_once(edited, change, told):
    path = edited(change)
    loader = LoadCTSlice(to_rgb=False)
    with pytest.warns(UserWarning, match=f'case.dcm: .*{told}.*no Hounsf'):
        first = loader(dict(img_path=str(path)))['img']
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        again = loader(dict(img_path=str(path)))['img']
    assert (first == again).all() and first.min() < first.max()


def test_other_values_without_scale_are_told_too(edited):
    def change(data):
        data.Modality = 'MR'
        without(*BOTH)(data)
    with pytest.warns(UserWarning, match='modality MR'):
        load(edited(change))


def lut(kind):
    def change(data):
        table = pydicom.Dataset()
        table.LUTDescriptor = [3, 0, 16]
        table['LUTDescriptor'].VR = 'US'
        table.ModalityLUTType = kind
        table.add_new('LUTData', 'US', [0, 100, 200])
        data.ModalityLUTSequence = [table]
        without(*BOTH)(data)
    return change


def test_table_in_place_of_the_scale(edited):
    stored = np.array([[0, 1, 2]])
    image = load(edited(lut('HU'), stored=stored))
    assert image.tolist() == [[229, 246, 255]]
    for kind in ('OD', 'US'):
        with pytest.raises(SliceError, match=f'of type {kind}.*no Hounsf'):
            load(edited(lut(kind), stored=stored))


@pytest.mark.parametrize('kind', ['PALETTE COLOR', 'RGB', '', None])
def test_colours_are_refused(edited, kind):
    change = put(PhotometricInterpretation=kind) if kind is not None else \
        without('PhotometricInterpretation')
    with pytest.raises(SliceError, match='case.dcm: has Photometric'):
        load(edited(change))
    with pytest.raises(SliceError, match='case.dcm: .*on_error="skip"'):
        slice_size(str(edited(change)))


def eight_bits(data):
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit = 7
    data.PixelData = np.arange(6, dtype=np.uint8).tobytes()
    without(*BOTH)(data)


def test_pictures_of_eight_bits_are_no_hounsfield_units(edited):
    def inverted(data):
        eight_bits(data)
        data.PhotometricInterpretation = 'MONOCHROME1'

    grey = np.arange(6).reshape(2, 3)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert (load(edited(eight_bits)) == grey).all()
    assert (load(edited(inverted)) == 255 - grey).all()


def test_scale_of_the_enhanced_kind(edited):
    def change(data):
        without(*BOTH)(data)
        values, groups = pydicom.Dataset(), pydicom.Dataset()
        put(RescaleSlope=2, RescaleIntercept=-1350, RescaleType='HU')(values)
        groups.PixelValueTransformationSequence = [values]
        data.SharedFunctionalGroupsSequence = [groups]
        data.NumberOfFrames = 1

    assert load(edited(change, stored=np.array([[0, 375]]))).tolist() == [
        [0, 127]]


def test_frames_and_masks_are_refused(edited):
    with pytest.raises(SliceError, match='2 frames'):
        load(edited(put(NumberOfFrames=2, Rows=1)))
    with pytest.raises(SliceError, match='one bit'):
        load(edited(put(BitsAllocated=1)))


@pytest.mark.parametrize('syntax, package', [
    ('1.2.840.10008.1.2.4.80', 'pyjpegls'),
    ('1.2.840.10008.1.2.4.90', 'pylibjpeg-openjpeg'),
    ('1.2.840.10008.1.2.4.201', 'pylibjpeg-openjpeg'),
    ('1.2.840.10008.1.2.4.70', 'python-gdcm')])
@pytest.mark.parametrize('there', [False, True])
def test_packages_of_compressed_files(edited, monkeypatch, syntax, package,
                                      there):
    def change(data):
        data.PixelData = pydicom.encaps.encapsulate([b'damaged!'])
        data['PixelData'].is_undefined_length = True
        data.file_meta.TransferSyntaxUID = syntax

    path = edited(change)
    monkeypatch.setattr(
        ct_files.dicom, 'find_spec', lambda name: there or None)
    kind, told = (SliceError, 'cannot be read') if there else (
        ImportError, f'case.dcm.*pip install .*{package}')
    with pytest.raises(kind, match=told):
        load(path)
    requirements = Path(__file__).parents[3] / 'requirements/ct.txt'
    assert package in requirements.read_text()


def test_files_without_preamble(edited, tmp_path):
    path = edited(lambda data: None)
    good = load(path)
    (tmp_path / 'bare.dcm').write_bytes(path.read_bytes()[132:])
    assert (load(tmp_path / 'bare.dcm') == good).all()
    (tmp_path / 'IM0001').write_bytes(path.read_bytes())
    assert (load(tmp_path / 'IM0001') == good).all()
    assert slice_size(str(tmp_path / 'IM0001')) == (3, 2)


@pytest.mark.parametrize('share', [0, .3, .6, .999])
def test_files_cut_short(edited, share):
    path = edited(lambda data: None, stored=np.tile(STORED, (50, 50)))
    whole = path.read_bytes()
    path.write_bytes(whole[:int(len(whole) * share)])
    with pytest.raises(SliceError, match='case.dcm'):
        load(path)


def test_files_of_pydicom():
    """Read, or refused by an error that names the file."""
    folder = Path(osp.dirname(pydicom.__file__)) / 'data/test_files'
    paths = [path for path in sorted(folder.rglob('*')) if path.is_file()]
    assert len(paths) > 100
    read = 0
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        for path in paths:
            try:
                image = load(path)
            except (SliceError, ImportError) as error:
                assert str(path) in str(error)
            else:
                read += 1
                assert image.dtype == np.uint8
                assert slice_size(str(path)) == image.shape[::-1]
    assert read >= 40
