import struct
import warnings

import cv2
import numpy as np
import pytest
from mmcv.transforms import LoadImageFromFile
from PIL import Image

from mmextra.datasets import AnnotationError
from mmextra.datasets.image_files import (
    check_loadable,
    check_uint8,
    image_depth,
    image_size,
    index_images,
    read_pixels,
)
from tests.helpers import write_png


@pytest.mark.parametrize('extension', ['.bmp', '.png', '.jpg', '.tif'])
def test_size_is_width_and_height(tmp_path, extension):
    path = str(tmp_path / f'a{extension}')
    cv2.imwrite(path, np.zeros((7, 9, 3), np.uint8))
    assert image_size(path) == (9, 7)


@pytest.mark.parametrize('channels, mode', [
    (1, ''), (2, ''), (3, 'RGB'), (4, 'RGBA')])
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_depth_of_a_channel(tmp_path, channels, mode, dtype):
    path = tmp_path / 'a.png'
    write_png(path, np.full((2, 3, channels), 200, dtype))
    bits = 8 * dtype().itemsize
    found, depth = image_depth(str(path))
    assert depth == bits and (found == mode or not mode)
    if channels != 2:
        cv2.imwrite(str(tmp_path / 'a.tif'),
                    np.zeros((2, 3, channels), dtype))
        assert image_depth(str(tmp_path / 'a.tif')) == (found, bits)


def test_truncated_image_has_a_size(tmp_path):
    path = tmp_path / 'a.bmp'
    cv2.imwrite(str(path), np.zeros((70, 90, 3), np.uint8))
    path.write_bytes(path.read_bytes()[:200])
    # Only the header is read.
    assert image_size(str(path)) == (90, 70)


def test_errors_name_the_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'gone\.png'):
        image_size(str(tmp_path / 'gone.png'))
    (tmp_path / 'empty.png').write_bytes(b'')
    with pytest.raises(ValueError, match=r'empty\.png: cannot be read'):
        image_size(str(tmp_path / 'empty.png'))


def test_index(tmp_path):
    for name in ('b.PNG', 'a.jpg', 'a.bmp', 'c.txt', 'd.e.tif'):
        (tmp_path / name).write_bytes(b'')
    found = index_images(str(tmp_path))
    assert list(found) == ['a', 'b', 'd.e']
    # bmp before jpg, whichever the folder lists first.
    assert found['a'] == str(tmp_path / 'a.bmp')
    assert found['b'] == str(tmp_path / 'b.PNG')


def jpeg(path, orientation, size=(9, 7), form=None):
    image = Image.new('RGB', size)
    exif = image.getexif()
    exif[274] = orientation
    image.save(path, form, exif=exif)


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.tif'])
@pytest.mark.parametrize('orientation', range(1, 9))
def test_size_and_pixels_are_turned_alike(tmp_path, suffix, orientation):
    path = tmp_path / f'a{suffix}'
    jpeg(path, orientation)
    pixels = read_pixels(path)
    assert image_size(str(path)) == pixels.shape[1::-1]
    # As the pipelines have it.
    np.testing.assert_array_equal(
        pixels, LoadImageFromFile()(dict(img_path=str(path)))['img'])


def test_damaged_exif_is_no_damaged_image(tmp_path):
    path = tmp_path / 'a.jpg'
    jpeg(path, 6)
    content = path.read_bytes()
    assert content.count(b'Exif\0\0') == 1
    start = content.index(b'Exif\0\0') + 6
    path.write_bytes(content[:start] + b'\xff' * 8 + content[start + 8:])
    assert image_size(str(path)) == (9, 7)


def test_headers_of_any_size_are_read(tmp_path, monkeypatch):
    path = tmp_path / 'a.png'
    Image.new('1', (200, 100)).save(path)
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 5)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(path)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert image_size(str(path)) == (200, 100)
    assert Image.MAX_IMAGE_PIXELS == 5


@pytest.mark.parametrize('dtype', ['u1', 'u2', 'i2', 'f4'])
def test_bands_that_pillow_does_not_know_are_named(tmp_path, dtype):
    """Five bands side by side, as satellites deliver them."""
    path = tmp_path / 'a.tif'
    write_tiff(path, np.zeros((6, 8, 5), dtype))
    assert image_size(str(path)) == (8, 6)
    message = '5 channels' if dtype == 'u1' else ' bits per channel'
    with pytest.raises(AnnotationError, match=f'a.tif: has .*{message}'):
        check_loadable(str(path))


def write_tiff(path, pixels):
    """An uncompressed TIFF of one strip."""
    height, width, bands = pixels.shape
    bits = 8 * pixels.dtype.itemsize
    data = pixels.tobytes()
    size = bands * 2
    entries = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, bands, 8),
        (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8 + size),
        (277, 3, 1, bands), (278, 4, 1, height), (279, 4, 1, len(data)),
        (284, 3, 1, 1)]
    directory = struct.pack('<H', len(entries)) + b''.join(
        struct.pack('<HHII', *entry) for entry in entries) + bytes(4)
    path.write_bytes(
        struct.pack('<4sI', b'II*\0', 8 + size + len(data)) +
        struct.pack(f'<{bands}H', *[bits] * bands) + data + directory)


@pytest.mark.parametrize('pixels, message', [
    (np.zeros((2, 2, 3), np.float32), 'float32 from 0 to 0'),
    (np.ones((2, 2, 3), np.uint16), 'uint16 from 1 to 1')])
def test_pixels_of_other_types_are_refused(pixels, message):
    with pytest.raises(ValueError, match=f'a frame must be .*{message}.*255'):
        check_uint8(pixels, 'a frame')
    check_uint8(pixels.astype(np.uint8), 'a frame')
