import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from mmextra.datasets import AnnotationError
from mmextra.datasets.converters.tiles import tile_dataset
from mmextra.datasets.image_files import read_pixels
from mmextra.datasets.tiff_windows import TiffWindows, open_pixels, overview

PIXELS = cv2.resize(np.random.default_rng(0).integers(
    0, 256, (12, 16, 3), dtype=np.uint8), (160, 120))
WINDOWS = [(slice(None), slice(None)), (slice(37, 90), slice(20, 141)),
           (slice(0, 32), slice(0, 160)), (slice(100, 900), slice(150, 900)),
           (slice(40, 40), slice(0, 9))]


@pytest.fixture
def low_limit(monkeypatch):
    monkeypatch.setattr('mmextra.datasets.image_files.PIXEL_LIMIT', 5000)


@pytest.mark.parametrize('mode, compression', [
    ('RGB', 'raw'), ('RGB', 'tiff_lzw'), ('RGB', 'tiff_adobe_deflate'),
    ('RGB', 'jpeg'), ('RGBA', 'tiff_lzw'), ('L', 'packbits'),
    ('P', 'tiff_lzw'), ('1', 'group4')])
def test_windows_of_strips_are_those_of_the_whole(tmp_path, mode,
                                                  compression):
    path = str(tmp_path / 'a.tif')
    Image.fromarray(PIXELS).convert(mode).save(
        path, compression=compression, tiffinfo={278: 32},
        strip_size=160 * 32 * len(Image.new(mode, (1, 1)).getbands()))
    whole, windows = read_pixels(path), TiffWindows(path)
    assert windows.shape == whole.shape and windows.dtype == whole.dtype
    for window in WINDOWS:
        np.testing.assert_array_equal(windows[window], whole[window])


def write_tiled(path, pixels, side=64):
    """An uncompressed TIFF of tiles, filled up at the edges."""
    height, width, bands = pixels.shape
    rows, columns = -(-height // side), -(-width // side)
    full = np.zeros((rows * side, columns * side, bands), np.uint8)
    full[:height, :width] = pixels
    tiles = full.reshape(rows, side, columns, side, bands).swapaxes(1, 2)
    count, size = rows * columns, side * side * bands
    data = struct.pack('<3H', 8, 8, 8) + struct.pack(
        f'<{2 * count}I', *(14 + 8 * count + k * size for k in range(count)),
        *[size] * count) + tiles.tobytes()
    entries = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, 8),
        (259, 3, 1, 1), (262, 3, 1, 2), (277, 3, 1, 3), (284, 3, 1, 1),
        (322, 3, 1, side), (323, 3, 1, side), (324, 4, count, 14),
        (325, 4, count, 14 + 4 * count)]
    path.write_bytes(
        struct.pack('<4sI', b'II*\0', 8 + len(data)) + data +
        struct.pack('<H', len(entries)) + b''.join(
            struct.pack('<HHII', *each) for each in entries) + bytes(4))


def test_windows_of_tiles_are_those_of_the_whole(tmp_path):
    path = tmp_path / 'a.tif'
    write_tiled(path, PIXELS)
    whole, windows = read_pixels(path), TiffWindows(str(path))
    np.testing.assert_array_equal(whole, PIXELS[..., ::-1])
    for window in WINDOWS:
        np.testing.assert_array_equal(windows[window], whole[window])


@pytest.mark.parametrize('limit', [
    'mmextra.datasets.image_files.PIXEL_LIMIT',
    'mmextra.datasets.tiff_windows.LARGE'])
def test_large_tiffs_alone_are_read_by_windows(tmp_path, monkeypatch, limit):
    path = tmp_path / 'a.tif'
    write_tiled(path, PIXELS)
    assert isinstance(open_pixels(str(path)), np.ndarray)
    monkeypatch.setattr(limit, 5000)
    assert isinstance(open_pixels(str(path)), TiffWindows)


def test_large_files_without_windows_are_read_as_a_whole(tmp_path,
                                                         monkeypatch):
    monkeypatch.setattr('mmextra.datasets.tiff_windows.LARGE', 5000)
    for name, tags in (('a.png', {}), ('b.tif', {'tiffinfo': {274: 3}})):
        Image.fromarray(PIXELS).save(tmp_path / name, **tags)
        pixels = open_pixels(str(tmp_path / name))
        assert isinstance(pixels, np.ndarray)
        assert pixels.shape == PIXELS.shape


def test_parts_that_are_left_out_are_black(tmp_path):
    rasterio = pytest.importorskip(
        'rasterio', reason='writes sparse files; pip install rasterio')
    path = str(tmp_path / 'a.tif')
    with rasterio.open(path, 'w', driver='GTiff', width=160, height=120,
                       count=3, dtype='uint8', tiled=True, blockxsize=64,
                       blockysize=64, compress='deflate', sparse_ok=True,
                       crs='EPSG:32632',
                       transform=rasterio.Affine(1, 0, 0, 0, -1, 0)) as file:
        file.write(np.ascontiguousarray(PIXELS[64:, :64].transpose(2, 0, 1)),
                   window=rasterio.windows.Window(0, 64, 64, 56))
    pixels = TiffWindows(path)[:, :]
    np.testing.assert_array_equal(pixels[64:, :64], PIXELS[64:, :64, ::-1])
    assert not pixels[:64].any() and not pixels[:, 64:].any()


def test_few_parts_are_kept(tmp_path, monkeypatch):
    path = tmp_path / 'a.tif'
    write_tiled(path, PIXELS)
    monkeypatch.setattr('mmextra.datasets.tiff_windows.CACHE_BYTES',
                        2 * 64 * 64 * 3)
    windows = TiffWindows(str(path))
    np.testing.assert_array_equal(windows[:, :], PIXELS[..., ::-1])
    assert windows._decode.cache_info().currsize == 2


@pytest.mark.parametrize('side, factor', [(160, 1), (80, 2), (50, 4)])
def test_overview(tmp_path, side, factor):
    path = tmp_path / 'a.tif'
    write_tiled(path, PIXELS)
    small, found = overview(TiffWindows(str(path)), side)
    assert found == factor
    np.testing.assert_allclose(
        small, cv2.resize(PIXELS[..., ::-1], None, fx=1 / factor,
                          fy=1 / factor, interpolation=cv2.INTER_AREA),
        atol=1)


def test_a_set_of_very_large_scenes_is_cut(tmp_path, low_limit):
    for folder in ('images', 'labelTxt', 'ImageSets'):
        (tmp_path / 'set' / folder).mkdir(parents=True)
    write_tiled(tmp_path / 'set/images/a.tif', PIXELS)
    (tmp_path / 'set/ImageSets/train.txt').write_text('a')
    counts = tile_dataset(tmp_path / 'set', tmp_path / 'out', 100, 20)
    assert counts == dict(train=4)
    tile = cv2.imread(str(tmp_path / 'out/images/a__100__60___20.png'))
    np.testing.assert_array_equal(tile, PIXELS[20:, 60:, ::-1])


def test_what_has_no_windows_is_named(tmp_path, low_limit):
    path = str(tmp_path / 'a.png')
    Image.fromarray(PIXELS).save(path)
    with pytest.raises(AnnotationError, match='a.png: has .* OPENCV_IO_MAX'):
        open_pixels(path)
    path = str(tmp_path / 'a.tif')
    Image.fromarray(PIXELS).save(path, tiffinfo={274: 6})
    with pytest.raises(AnnotationError, match='a.tif: cannot be read by win'):
        open_pixels(path)
    Image.new('I;16', (160, 120)).save(path)
    with pytest.raises(AnnotationError, match='a.tif: has 16 bits'):
        open_pixels(path)
