import gzip
import itertools

import nibabel
import numpy as np
import pytest

from mmextra.datasets.ct_files import SliceError, nifti, read_nifti
from mmextra.datasets.transforms import LoadCTSlice, hu_window

SHAPE = (3, 4, 5)


def volume(dtype=np.int16, shape=SHAPE):
    count = int(np.prod(shape))
    return np.arange(count, dtype=dtype).reshape(shape)


def expected(image, number):
    """By nibabel alone: front up, the patient's right on the left."""
    data = nibabel.as_closest_canonical(image).get_fdata()
    return data.reshape(data.shape[:3])[..., number].T[::-1, ::-1]


@pytest.mark.parametrize('suffix', ['nii', 'nii.gz'])
@pytest.mark.parametrize('slope', [None, 2.5])
def test_every_orientation(tmp_path, suffix, slope):
    path = tmp_path / f'v.{suffix}'
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            affine = np.eye(4)
            affine[:3, :3] = np.diag(signs)[list(order)]
            image = nibabel.Nifti1Image(volume(), affine)
            if slope:
                image.header.set_slope_inter(slope, -7)
            nibabel.save(image, path)
            image = nibabel.load(path)
            for number in (0, 2):
                found = read_nifti(f'{path}#{number}')
                assert np.array_equal(found, expected(image, number))


@pytest.mark.parametrize('axes', [(1, ), (1, 1)])
@pytest.mark.parametrize('suffix', ['nii', 'nii.gz'])
def test_last_axes_of_one_value_do_not_count(tmp_path, axes, suffix):
    path = tmp_path / f'v.{suffix}'
    image = nibabel.Nifti1Image(volume(shape=SHAPE + axes),
                                np.diag([-1, -1, 1, 1]))
    nibabel.save(image, path)
    assert np.array_equal(read_nifti(f'{path}#3'), expected(image, 3))
    with pytest.raises(SliceError, match='no slice 5, but 5'):
        read_nifti(f'{path}#5')


@pytest.mark.parametrize('shape', [(3, 4, 5, 2), (3, 4), (3, 4, 5, 1, 2)])
def test_other_shapes_are_refused(tmp_path, shape):
    path = tmp_path / 'v.nii'
    nibabel.save(nibabel.Nifti1Image(volume(shape=shape), np.eye(4)), path)
    with pytest.raises(SliceError, match='v.nii: has shape'):
        read_nifti(f'{path}#0')


def test_an_epoch_unpacks_a_volume_once(tmp_path, monkeypatch):
    paths = []
    for name in 'ab':
        paths.append(tmp_path / f'{name}.nii.gz')
        nibabel.save(nibabel.Nifti1Image(
            volume() - ord(name), np.diag([-1, 1, 1, 1])), paths[-1])
    opened = []
    stock = nibabel.arrayproxy.ArrayProxy.get_unscaled

    def counted(proxy):
        opened.append(proxy.file_like)
        return stock(proxy)

    monkeypatch.setattr(
        nibabel.arrayproxy.ArrayProxy, 'get_unscaled', counted)
    monkeypatch.setattr(nifti, 'CACHE', nifti.VolumeCache())
    for epoch in (1, 2):
        for path in paths:
            for number in range(5):
                read_nifti(f'{path}#{number}')
        assert len(opened) == 2, epoch
    # A file that has changed is read again.
    nibabel.save(nibabel.Nifti1Image(volume() + 900, np.eye(4)), paths[0])
    assert read_nifti(f'{paths[0]}#0').min() >= 900 and len(opened) == 3


def test_the_cache_is_bounded(tmp_path, monkeypatch):
    paths = [tmp_path / f'{k}.nii.gz' for k in range(4)]
    for path in paths:
        nibabel.save(nibabel.Nifti1Image(volume(), np.eye(4)), path)
    cache = nifti.VolumeCache(max_bytes=250)
    monkeypatch.setattr(nifti, 'CACHE', cache)
    for path in paths:
        read_nifti(f'{path}#0')
        held = sum(each.nbytes for each in cache.volumes.values())
        assert held <= 250
    assert [key[0] for key in cache.volumes] == [
        str(path) for path in paths[2:]]
    # The last stays, else every slice would unpack the volume.
    cache.max_bytes = 1
    read_nifti(f'{paths[0]}#0')
    assert [key[0] for key in cache.volumes] == [str(paths[0])]


def test_of_an_unpacked_volume_only_the_slice_is_read(tmp_path, monkeypatch):
    path = tmp_path / 'v.nii'
    nibabel.save(nibabel.Nifti1Image(volume(), np.diag([-1, 1, 1, 1])), path)

    def whole(*args, **kwargs):
        raise AssertionError('the whole volume is read')

    for name in ('get_unscaled', '__array__'):
        monkeypatch.setattr(nibabel.arrayproxy.ArrayProxy, name, whole)
    assert read_nifti(f'{path}#1').shape == (4, 3)


@pytest.mark.parametrize('suffix', ['nii', 'nii.gz'])
@pytest.mark.parametrize('share', [0, .2, .7, .98])
def test_volumes_cut_short(tmp_path, suffix, share):
    path = tmp_path / f'v.{suffix}'
    noise = np.random.default_rng(0).integers(0, 999, (9, 9, 9))
    nibabel.save(nibabel.Nifti1Image(noise.astype(np.int16), np.eye(4)), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:int(len(whole) * share)])
    with pytest.raises(SliceError, match=r'v.nii.*: cannot be read'):
        read_nifti(f'{path}#8')


def test_other_files(tmp_path):
    path = tmp_path / 'v.nii.gz'
    path.write_bytes(gzip.compress(b'no volume at all'))
    with pytest.raises(SliceError, match='v.nii.gz'):
        read_nifti(f'{path}#0')
    colours = np.zeros(SHAPE, [('R', 'u1'), ('G', 'u1'), ('B', 'u1')])
    nibabel.save(nibabel.Nifti1Image(colours, np.eye(4)), path)
    with pytest.raises(SliceError, match='v.nii.gz.*colours'):
        read_nifti(f'{path}#0')


@pytest.mark.parametrize('dtype', [np.uint16, np.uint32])
def test_unsigned_values_are_no_hounsfield_units(tmp_path, dtype):
    path = tmp_path / 'v.nii.gz'
    nibabel.save(nibabel.Nifti1Image(volume(dtype) + 400, np.eye(4),
                                     dtype=dtype), path)
    with pytest.raises(SliceError, match='v.nii.gz.*unsigned.*offset=-1024'):
        read_nifti(f'{path}#0')
    image = LoadCTSlice(offset=-1024, to_rgb=False)(
        dict(img_path=f'{path}#0'))['img']
    stored = expected(nibabel.load(path), 0)
    assert (image == hu_window(stored - 1024)).all()


def test_what_is_no_number_is_black():
    with np.errstate(all='raise'):
        assert hu_window([np.nan, np.inf, -np.inf, -600]).tolist() == [
            0, 255, 0, 127]
