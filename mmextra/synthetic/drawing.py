"""Drawing with sub-pixel accuracy, and noise, for synthetic images.

Coordinates are continuous: x right, y down, pixel (i, j) covers the square
from (j, i) to (j + 1, i + 1).
"""
from typing import Sequence, Tuple

import cv2
import numpy as np

# Fractional bits of OpenCV's fixed-point coordinates.
SHIFT = 4


class Canvas:
    """A picture that is drawn at a multiple of its size, then reduced.

    OpenCV's own antialiasing widens filled polygons by half a pixel; by
    reduction an edge is right to 0.5 / ``scale`` pixels.

    Args:
        width (int): Width in pixels.
        height (int): Height in pixels.
        colour (Sequence[float]): Background, blue, green, red in 0..255.
        scale (int): Drawn pixels per pixel and axis.
    """

    def __init__(self,
                 width: int,
                 height: int,
                 colour: Sequence[float],
                 scale: int = 3) -> None:
        self.width, self.height, self.scale = width, height, scale
        self.pixels = np.empty((height * scale, width * scale, 3), np.uint8)
        self.pixels[:] = np.clip(colour, 0, 255)

    def _fixed(self, points: np.ndarray) -> np.ndarray:
        # OpenCV counts from the centre of the first pixel.
        drawn = np.asarray(points, np.float64) * self.scale - 0.5
        return np.round(drawn * (1 << SHIFT)).astype(np.int32)

    def fill(self, points: np.ndarray, colour: Sequence[float]) -> None:
        """Fill a polygon, points (n, 2)."""
        cv2.fillPoly(self.pixels, [self._fixed(points)],
                     [float(c) for c in colour], shift=SHIFT)

    def blend(self, points: np.ndarray, colour: Sequence[float],
              share: float, soft: float = 0.) -> None:
        """Mix a colour into a polygon.

        Args:
            points (np.ndarray): (n, 2) corners.
            colour (Sequence[float]): Blue, green, red.
            share (float): Share of the colour, 0 to 1.
            soft (float): Width of the soft edge in pixels.
        """
        margin = int(3 * soft * self.scale) + 2
        drawn = np.asarray(points) * self.scale
        low = np.maximum(np.floor(drawn.min(0)) - margin, 0).astype(int)
        high = np.minimum(
            np.ceil(drawn.max(0)) + margin,
            self.pixels.shape[1::-1]).astype(int)
        if (high <= low).any():
            return
        mask = np.zeros((high - low)[::-1], np.uint8)
        cv2.fillPoly(mask, [self._fixed(points - low / self.scale)],
                     int(255 * share), shift=SHIFT)
        if soft:
            mask = cv2.GaussianBlur(mask, (0, 0), soft * self.scale)
        part = self.pixels[low[1]:high[1], low[0]:high[0]]
        weight = mask[..., None].astype(np.float32) / 255
        part[:] = np.round(
            part + (np.asarray(colour, np.float32) - part) * weight)

    def line(self, start: Sequence[float], end: Sequence[float],
             colour: Sequence[float], width: float) -> None:
        """Draw a line with flat ends, ``width`` pixels thick."""
        start, end = np.asarray(start, float), np.asarray(end, float)
        along = end - start
        side = np.array([-along[1], along[0]])
        side *= width / 2 / max(np.hypot(*along), 1e-9)
        self.fill(np.stack([start + side, end + side, end - side,
                            start - side]), colour)

    def disc(self, centre: Sequence[float], radius: float,
             colour: Sequence[float]) -> None:
        """Fill a circle."""
        turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        self.fill(np.asarray(centre) + radius * np.stack(
            [np.cos(turn), np.sin(turn)], 1), colour)

    def reduce(self) -> np.ndarray:
        """The picture at its own size, (height, width, 3) float32."""
        return cv2.resize(
            self.pixels, (self.width, self.height),
            interpolation=cv2.INTER_AREA).astype(np.float32)


def noise(rng: np.random.Generator, shape: Tuple[int, int],
          grain: float) -> np.ndarray:
    """Smooth noise.

    Args:
        rng (np.random.Generator): Source of randomness.
        shape (tuple[int, int]): Height and width.
        grain (float): Size of the blobs in pixels.

    Returns:
        np.ndarray: ``shape`` float32, mean about 0, deviation about 1.
    """
    small = tuple(max(int(n / max(grain, 1)) + 2, 3) for n in shape)
    field = rng.standard_normal(small, dtype=np.float32)
    if grain > 1:
        field = cv2.resize(field, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return field[:shape[0], :shape[1]]


def waves(rng: np.random.Generator, shape: Tuple[int, int], length: float,
          angle: float) -> np.ndarray:
    """Noise with crests, like wind on water.

    Args:
        rng (np.random.Generator): Source of randomness.
        shape (tuple[int, int]): Height and width.
        length (float): Distance of the crests in pixels.
        angle (float): Direction in which they run, radians.

    Returns:
        np.ndarray: ``shape`` float32, deviation about 1.
    """
    # Noise smeared along the crests, by a slanted averaging kernel.
    size = int(3 * length) | 1
    kernel = np.zeros((size, size), np.float32)
    mid = size // 2
    reach = mid * np.array([-np.sin(angle), np.cos(angle)])
    cv2.line(kernel, tuple(np.round(mid - reach).astype(int).tolist()),
             tuple(np.round(mid + reach).astype(int).tolist()), 1.)
    field = cv2.filter2D(noise(rng, shape, length / 3), -1, kernel)
    return field / max(float(field.std()), 1e-6)


def rectangle(centre: Sequence[float], length: float, width: float,
              angle: float) -> np.ndarray:
    """Corners (4, 2) of a rectangle; ``length`` runs along ``angle``."""
    along = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    across = np.array([-np.sin(angle), np.cos(angle)]) * width / 2
    return np.asarray(centre, float) + np.stack(
        [-along - across, along - across, along + across, -along + across])


def fill_mask(mask: np.ndarray, points: np.ndarray, value: int = 1) -> None:
    """Set the pixels of a (height, width) uint8 map under a polygon."""
    fixed = np.round((np.asarray(points) - 0.5) * (1 << SHIFT))
    cv2.fillPoly(mask, [fixed.astype(np.int32)], value, shift=SHIFT)


def covered(mask: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Values of the pixels under a polygon.

    Args:
        mask (np.ndarray): (height, width) map.
        points (np.ndarray): (n, 2) corners.

    Returns:
        np.ndarray: (k,) values; the part outside of the map is left out.
    """
    low = np.clip(np.floor(points.min(0)), 0, mask.shape[::-1]).astype(int)
    high = np.clip(np.ceil(points.max(0)), 0, mask.shape[::-1]).astype(int)
    part = mask[low[1]:high[1], low[0]:high[0]]
    if part.size == 0:
        return part.ravel()
    inside = np.zeros(part.shape, np.uint8)
    fill_mask(inside, points - low)
    return part[inside > 0]
