"""Reading images, and making a network's input of them.

The arithmetic is that of the test pipelines of mmdet and mmrotate: OpenCV's
bilinear resizing, padding below and on the right.
"""
from pathlib import Path
from typing import Any, Mapping, NamedTuple, Tuple, Union

import cv2
import numpy as np

ImageLike = Union[str, Path, np.ndarray]


class Prepared(NamedTuple):
    """A network's input and how it came from the image.

    Attributes:
        blob: (1, 3, H, W) float32, normalised.
        scale: Width and height of the resized image by those of the image.
        img_shape: Height and width that the network takes for the image,
            without the padding of the batch.
        ori_shape: Height and width of the image.
    """
    blob: np.ndarray
    scale: Tuple[float, float]
    img_shape: Tuple[int, int]
    ori_shape: Tuple[int, int]


def read_image(image: ImageLike) -> np.ndarray:
    """Read an image file, or check an array.

    Args:
        image (str | Path | np.ndarray): File, or (h, w, 3) uint8 BGR.

    Returns:
        np.ndarray: (h, w, 3) uint8 BGR.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no image of 8 bits per channel.
    """
    if isinstance(image, (str, Path)):
        if not Path(image).is_file():
            raise FileNotFoundError(f'there is no image {image}')
        data = np.fromfile(str(image), np.uint8)
        pixels = None if not data.size else cv2.imdecode(
            data, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        if pixels is None:
            raise ValueError(f'{image} cannot be read as an image')
        name = str(image)
    else:
        pixels, name = image, 'the image'
        if not isinstance(pixels, np.ndarray) or pixels.ndim != 3 or \
                pixels.shape[2] != 3 or not pixels.size:
            shape = getattr(pixels, 'shape', type(pixels).__name__)
            raise ValueError('an image must be a file or an array (h, w, 3) '
                             f'BGR, got {shape}')
    if pixels.dtype != np.uint8:
        raise ValueError(
            f'{name} has {pixels.dtype} pixels, the model takes 8 bits per '
            'channel (uint8); convert it first')
    return pixels


def resized_size(width: int, height: int, scale: Tuple[int, int],
                 keep_ratio: bool) -> Tuple[int, int]:
    """Width and height after resizing, as mmcv computes them.

    Args:
        width (int): Of the image.
        height (int): Of the image.
        scale (tuple[int, int]): Width and height to fill; with
            ``keep_ratio`` the limits of the long and the short side.
        keep_ratio (bool): Keep the aspect ratio.

    Returns:
        tuple[int, int]: Width and height.
    """
    if not keep_ratio:
        return int(scale[0]), int(scale[1])
    factor = min(max(scale) / max(height, width),
                 min(scale) / min(height, width))
    return int(width * factor + 0.5), int(height * factor + 0.5)


def padded_size(width: int, height: int,
                pad: Mapping[str, Any]) -> Tuple[int, int]:
    """Width and height after padding.

    Args:
        width (int): Of the image.
        height (int): Of the image.
        pad (Mapping): ``size`` (width and height), ``to_square`` and
            ``divisor``, each possibly null.

    Returns:
        tuple[int, int]: Width and height, not smaller than before.
    """
    if pad.get('to_square'):
        width = height = max(width, height)
    if pad.get('size'):
        width = max(width, pad['size'][0])
        height = max(height, pad['size'][1])
    divisor = pad.get('divisor') or 1
    return -(-width // divisor) * divisor, -(-height // divisor) * divisor


def prepare(image: np.ndarray, spec: Mapping[str, Any]) -> Prepared:
    """Resize, pad, normalise.

    Args:
        image (np.ndarray): (h, w, 3) uint8 BGR.
        spec (Mapping): ``preprocess`` of ``meta.json``.

    Returns:
        Prepared: The input and its metas.
    """
    height, width = image.shape[:2]
    scale = (1., 1.)
    resize, pad = spec.get('resize'), spec.get('pad')
    if resize:
        size = resized_size(width, height, resize['scale'],
                            resize['keep_ratio'])
        if size != (width, height):
            image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        scale = size[0] / width, size[1] / height
    if pad:
        value = pad.get('value', 0)
        value = value if isinstance(value, (list, tuple)) else [value] * 3
        now = image.shape[1], image.shape[0]
        wide, high = padded_size(*now, pad)
        if (wide, high) != now:
            image = cv2.copyMakeBorder(
                image, 0, high - now[1], 0, wide - now[0],
                cv2.BORDER_CONSTANT, value=value)
    img_shape = image.shape[:2]
    mean = np.asarray(spec['mean'], np.float32)
    std = np.asarray(spec['std'], np.float32)
    if spec['to_rgb']:
        image = image[..., ::-1]
    planes = image.transpose(2, 0, 1).astype(np.float32)
    planes -= mean[:, None, None]
    planes /= std[:, None, None]
    batch_pad = spec.get('batch_pad') or {}
    wide, high = padded_size(img_shape[1], img_shape[0], batch_pad)
    if (high, wide) != tuple(img_shape):
        planes = np.pad(
            planes, ((0, 0), (0, high - img_shape[0]),
                     (0, wide - img_shape[1])),
            constant_values=batch_pad.get('value', 0))
    return Prepared(
        np.ascontiguousarray(planes)[None], scale, tuple(img_shape),
        (height, width))
