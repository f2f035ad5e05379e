import pytest

from mmextra.datasets.ct import slice_stem
from mmextra.datasets.ct_files import is_dicom, is_volume, split_slice


@pytest.mark.parametrize('path, parts', [
    ('/data/C#/a.png', ('/data/C#/a.png', None)),
    ('/data/C#/v.nii.gz#3', ('/data/C#/v.nii.gz', '3')),
    ('/data/C#/v.nii', ('/data/C#/v.nii', None)),
    ('/x.nii#1/v.NII.GZ#x', ('/x.nii#1/v.NII.GZ', 'x')),
    ('/x.nii#1/a.png', ('/x.nii#1/a.png', None)),
    ('case#1.dcm', ('case#1.dcm', None)), ('v.nii#', ('v.nii', ''))])
def test_only_a_volume_has_slices(path, parts):
    assert split_slice(path) == parts
    assert is_volume(path) == ('.nii' in path.rpartition('/')[2].lower())


@pytest.mark.parametrize('name, stem', [
    ('a#1.png', 'a#1'), ('C#/scan.nii.gz#12', 'C#/scan#12'),
    ('scan.nii', 'scan'), ('0_115.jpg', '0_115')])
def test_stems(name, stem):
    assert slice_stem(name) == stem


def test_dicom_without_extension(tmp_path):
    path = tmp_path / 'IM0001'
    path.write_bytes(b'\0' * 128 + b'DICM')
    assert is_dicom(str(path)) and is_dicom('none.IMA')
    path.write_bytes(b'\x89PNG')
    assert not is_dicom(str(path)) and not is_dicom(str(tmp_path / 'none'))
