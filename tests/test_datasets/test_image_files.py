import cv2
import numpy as np
import pytest

from mmextra.datasets.image_files import (
    image_depth,
    image_size,
    index_images,
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
