"""Images of more than eight bits, brought to eight by one stated rule."""
import warnings
from typing import Optional, Tuple

import cv2
import numpy as np

from .bad_input import AnnotationError
from .image_files import check_channels, check_pixels, image_header, image_size

# Share of the values on either end that may be saturated: single pixels that
# are far out, which sensors have, would turn all others black.
SATURATED = 0.001


class Stretch:
    """Eight bits of images that follow each other, by one linear scale.

    The first image of more than eight bits sets it: the values below which
    0.1 % and 99.9 % of its values lie become 0 and 255, what is beyond is
    saturated. All further ones are stretched by the same scale, so that they
    stay comparable. It is told once. Images of eight bits stay as they are.

    Attributes:
        scale (tuple[float, float], optional): The two values, None before
            the first such image.
    """

    def __init__(self) -> None:
        self.scale: Optional[Tuple[float, float]] = None

    def read(self, path: str) -> np.ndarray:
        """Decode and stretch an image of more than eight bits.

        Args:
            path (str): The file, of one to four channels.

        Returns:
            np.ndarray: (h, w, 3) uint8 BGR; grey becomes three equal
            channels, alpha is dropped, an EXIF orientation is applied.

        Raises:
            AnnotationError: If it has too many pixels or channels, or cannot
                be decoded with all its bits.
        """
        pixels = read_deep(path)
        if self.scale is None:
            self.scale = value_range(pixels)
            low, high = self.scale
            warnings.warn(
                f'{path}: has {image_header(path).bits} bits per channel; '
                f'{low:g} to {high:g}, between which 99.8 % of its values '
                'lie, are stretched to 0 to 255, here and in all further '
                'images of this source. If the detector was trained on '
                'another scale, stretch the images by that one beforehand.',
                stacklevel=2)
        return stretched(pixels, *self.scale)


def is_deep(path: str) -> bool:
    """Whether an image has more than eight bits in a channel."""
    try:
        return image_header(path).bits > 8
    except (OSError, ValueError):
        return False


def value_range(pixels: np.ndarray) -> Tuple[float, float]:
    """The values below which 0.1 % and 99.9 % of all lie; not of what is no
    number."""
    values = pixels[np.isfinite(pixels)]
    if not values.size:
        return 0., 1.
    low, high = np.quantile(values, (SATURATED, 1 - SATURATED))
    if low == high:
        low, high = values.min(), values.max()
    return float(low), float(high)


def stretched(pixels: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values as eight bits.

    Args:
        pixels (np.ndarray): Of any type and shape.
        low (float): What becomes 0, as does what is below or no number.
        high (float): What becomes 255, as does what is above.

    Returns:
        np.ndarray: uint8, rounded.
    """
    span = (high - low) or 1.
    values = np.nan_to_num((pixels.astype(np.float64) - low) * (255 / span))
    return np.clip(values, 0, 255).round().astype(np.uint8)


def read_deep(path: str) -> np.ndarray:
    """Decode an image with all its bits.

    Args:
        path (str): The file.

    Returns:
        np.ndarray: (h, w, 3) BGR of the type that the file has.

    Raises:
        AnnotationError: See :meth:`Stretch.read`.
    """
    check_pixels(path)
    check_channels(path, deep=True)
    data = np.fromfile(path, np.uint8)
    pixels = _decode(data, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR)
    if pixels is None:
        # Values of 32 bits are decoded as they are stored only.
        pixels = _decode(data, cv2.IMREAD_UNCHANGED)
    width, height = image_size(path)
    if pixels is None or pixels.dtype == np.uint8 or (
            pixels.shape[:2] != (height, width)):
        raise AnnotationError(
            path, 'cannot be decoded with all its bits', 'Save it as a TIFF '
            'of 16 bits, or stretch it to eight bits, for example with '
            'gdal_translate -ot Byte -scale LOW HIGH 0 255')
    if pixels.ndim == 2 or pixels.shape[2] < 3:
        grey = pixels if pixels.ndim == 2 else pixels[..., 0]
        return np.repeat(grey[..., None], 3, axis=2)
    return pixels[..., :3]


def _decode(data: np.ndarray, flags: int) -> Optional[np.ndarray]:
    try:
        return cv2.imdecode(data, flags)
    except cv2.error:
        return None
