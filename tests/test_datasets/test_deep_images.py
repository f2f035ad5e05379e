"""Images of more than eight bits as streams take them."""
import warnings

import cv2
import numpy as np
import pytest
from PIL import Image

from mmextra.apis import open_source
from mmextra.datasets import AnnotationError
from mmextra.datasets.deep_images import Stretch, is_deep, stretched

RAMP = np.arange(48 * 64).reshape(48, 64)


def read_all(source):
    """All frames of a source, and what is told on the way."""
    frames = []
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter('always')
        while True:
            good, frame = source.read()
            if not good:
                return frames, [str(each.message) for each in told]
            frames.append(frame)


@pytest.mark.parametrize('suffix, values', [
    ('.tif', RAMP.astype(np.uint16)), ('.png', RAMP.astype(np.uint16)),
    ('.tif', RAMP.astype(np.int32) - 1000),
    ('.tif', RAMP.astype(np.float32) / 4096)])
def test_a_stream_of_deep_images_is_stretched_by_one_scale(
        tmp_path, suffix, values):
    twice = (values * 2).astype(values.dtype)
    for number, frame in ((2, values), (10, twice)):
        Image.fromarray(frame).save(tmp_path / f'f_{number}{suffix}')
    Image.new('RGB', (64, 48), (7, 8, 9)).save(tmp_path / 'f_11.png')
    frames, told = read_all(open_source(str(tmp_path)))
    # Of three equal channels.
    low, high = np.quantile(np.repeat(values, 3), (.001, .999))
    for frame, source in zip(frames, (values, twice)):
        wanted = np.clip((source - low) * 255. / (high - low), 0, 255)
        assert frame.dtype == np.uint8 and frame.shape == (48, 64, 3)
        assert (np.abs(frame - wanted[..., None]) <= .5 + 1e-9).all()
    assert frames[0].min() == 0 and frames[0].max() == 255
    # One of eight bits stays as it is.
    assert (frames[2] == (9, 8, 7)).all()
    assert len(told) == 1 and f'f_2{suffix}: has ' in told[0]
    assert f'{low:g} to {high:g}' in told[0] and '0 to 255' in told[0]


@pytest.mark.parametrize('channels', [3, 4])
def test_colours_keep_their_order_and_share_a_scale(tmp_path, channels):
    pixels = np.zeros((40, 40, channels), np.uint16)
    pixels[..., 0], pixels[:20, :, 2] = 1000, 4000
    pixels[..., 3:] = 65535
    cv2.imwrite(str(tmp_path / 'a.png'), pixels)
    (frame, ), _ = read_all(open_source(str(tmp_path)))
    assert frame[0, 0].tolist() == [64, 0, 255]
    assert frame[30, 0].tolist() == [64, 0, 0]


def test_an_orientation_is_applied(tmp_path):
    exif = Image.new('RGB', (1, 1)).getexif()
    exif[274] = 6
    Image.fromarray(RAMP.astype(np.uint16)).save(
        tmp_path / 'a.png', exif=exif)
    (frame, ), _ = read_all(open_source(str(tmp_path)))
    assert frame.shape == (64, 48, 3)
    assert frame[0, 0, 0] > frame[0, -1, 0]  # turned to the right


def test_what_is_far_out_does_not_darken_the_rest(tmp_path):
    pixels = RAMP.astype(np.uint16)
    pixels[0, 0] = 65535
    Image.fromarray(pixels).save(tmp_path / 'a.tif')
    (frame, ), _ = read_all(open_source(str(tmp_path)))
    assert 120 < np.median(frame) < 135


def test_no_number_and_equal_values():
    assert stretched(np.array([np.nan, 0, 5, 10]), 0, 10).tolist() == [
        0, 0, 128, 255]
    assert (stretched(np.full(3, 7.), 7, 7) == 0).all()


def test_a_damaged_one_and_one_too_large_are_refused(tmp_path, monkeypatch):
    path = tmp_path / 'a.png'
    Image.fromarray(RAMP.astype(np.uint16)).save(path)
    monkeypatch.setattr('mmextra.datasets.image_files.PIXEL_LIMIT', 100)
    with pytest.raises(AnnotationError, match='OPENCV_IO_MAX_IMAGE_PIXELS'):
        Stretch().read(str(path))
    monkeypatch.undo()
    path.write_bytes(path.read_bytes()[:45])
    assert is_deep(str(path))
    with pytest.raises(AnnotationError, match='a.png: cannot be decoded with '
                       'all its bits'):
        Stretch().read(str(path))
