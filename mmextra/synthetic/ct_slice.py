"""One synthetic CT slice: chest, lungs, vessels and lesions."""
from typing import List, Tuple

import cv2
import numpy as np

from .drawing import noise

# In the order of the labels of COVIDx-CT.
CLASSES = ('control', 'pneumonia', 'covid')
LUNG, GGO, CONSOLIDATION = 1, 2, 3
# Grey levels in a lung window (-1350 to 150 Hounsfield units).
GREY = dict(air=5, table=120, fat=190, muscle=225, bone=255, lung=75,
            airway=10, vessel=190, ggo=150, consolidation=215)


def _grid(size: int) -> Tuple[np.ndarray, np.ndarray]:
    """x and y of the pixels, 0 to 1."""
    return np.meshgrid(*[(np.arange(size) + 0.5) / size] * 2)


def _blob(rng: np.random.Generator, size: int, centre: Tuple[float, float],
          radius: float, rough: float = 0.25) -> np.ndarray:
    """An uneven disc, (size, size) bool; lengths are shares of the image."""
    x, y = _grid(size)
    dx, dy = x - centre[0], y - centre[1]
    angle = np.arctan2(dy, dx)
    edge = np.ones_like(angle)
    for k in range(2, 5):
        edge += rough / k * rng.normal() * np.cos(
            k * angle + rng.uniform(0, 2 * np.pi))
    turn = rng.uniform(0, np.pi)
    squeeze = rng.uniform(0.7, 1.0)
    u = dx * np.cos(turn) + dy * np.sin(turn)
    v = (dy * np.cos(turn) - dx * np.sin(turn)) / squeeze
    return np.hypot(u, v) < radius * np.clip(edge, 0.4, 1.6)


def _ellipse(size: int, cx: float, cy: float, rx: float,
             ry: float) -> np.ndarray:
    x, y = _grid(size)
    return ((x - cx) / rx)**2 + ((y - cy) / ry)**2 < 1


def _anatomy(rng: np.random.Generator, size: int
             ) -> Tuple[np.ndarray, List[np.ndarray], np.ndarray]:
    """Grey levels, the two lungs and the body; no vessels yet."""
    image = np.full((size, size), GREY['air'], np.float32)
    cx, cy = rng.uniform(0.48, 0.52), rng.uniform(0.46, 0.5)
    rx, ry = rng.uniform(0.40, 0.45), rng.uniform(0.31, 0.36)
    body = _ellipse(size, cx, cy, rx, ry)
    x, y = _grid(size)
    image[(np.abs(y - cy - ry - 0.05 - 0.1 * (x - cx)**2) < 0.008)
          & (np.abs(x - cx) < 0.42)] = GREY['table']
    image[body] = GREY['fat']
    image[_ellipse(size, cx, cy, rx - 0.025, ry - 0.025)] = GREY['muscle']
    lungs = []
    for side in (-1, 1):
        lx = cx + side * rng.uniform(0.19, 0.21)
        lung = _ellipse(size, lx, cy, rng.uniform(0.125, 0.155),
                        rng.uniform(0.21, 0.26))
        heart = _ellipse(size, cx + 0.06, cy - 0.08, 0.13, 0.11)
        lungs.append(lung & ~heart)
        image[lungs[-1]] = GREY['lung']
    spine = _blob(rng, size, (cx, cy + 0.7 * ry), 0.055, 0.15)
    image[spine & ~(lungs[0] | lungs[1])] = GREY['bone']
    for turn in rng.uniform(0, 2 * np.pi, 9):
        rib = _ellipse(size, cx + (rx - 0.05) * np.cos(turn),
                       cy + (ry - 0.05) * np.sin(turn), 0.03, 0.014)
        image[rib & ~(lungs[0] | lungs[1])] = GREY['bone']
    airway = _ellipse(size, cx - 0.01, cy - 0.02, 0.02, 0.022)
    image[airway] = GREY['airway']
    return image, lungs, body


def _vessels(rng: np.random.Generator, image: np.ndarray, lung: np.ndarray,
             root: Tuple[float, float]) -> None:
    """Branches from the root of a lung, drawn into it."""
    size = len(image)
    tree = np.zeros((size, size), np.uint8)
    targets = np.argwhere(lung)
    for end in targets[rng.integers(len(targets), size=22)][:, ::-1]:
        start = np.array(root) * size
        bend = (start + end) / 2 + rng.normal(0, 0.02 * size, 2)
        path = np.array([start, bend, end]).round().astype(np.int32)
        width = max(int(round(size / 128 * rng.uniform(0.4, 1.6))), 1)
        cv2.polylines(tree, [path], False, 255, width, cv2.LINE_AA)
    share = tree[lung].astype(np.float32) / 255 * rng.uniform(0.6, 1)
    image[lung] += (GREY['vessel'] - image[lung]) * share


def _lesion(rng: np.random.Generator, image: np.ndarray, mask: np.ndarray,
            lung: np.ndarray, centre: Tuple[float, float], radius: float,
            tissue: int) -> None:
    """Put one lesion into a lung."""
    size = len(image)
    shape = _blob(rng, size, centre, radius) & lung
    soft = 0.006 if tissue == CONSOLIDATION else 0.01
    weight = cv2.GaussianBlur(
        shape.astype(np.float32), (0, 0), max(soft * size, 0.6))
    name = 'consolidation' if tissue == CONSOLIDATION else 'ggo'
    level = GREY[name] + rng.uniform(-12, 12)
    texture = level + 12 * noise(rng, shape.shape, 0.015 * size)
    weight = np.where(lung, weight, 0)
    image += (np.maximum(texture, image) - image) * weight
    mask[shape & (mask != CONSOLIDATION)] = tissue


def _places(rng: np.random.Generator, lung: np.ndarray, count: int,
            rim: bool, apart: float) -> List[Tuple[float, float]]:
    """Centres in a lung, at its rim or anywhere, apart from each other."""
    size = len(lung)
    depth = cv2.distanceTransform(lung.astype(np.uint8), cv2.DIST_L2, 5)
    allowed = lung & (depth < 0.05 * size) & (
        depth > 0.02 * size) if rim else lung & (depth > 0.06 * size)
    candidates = np.argwhere(allowed)[:, ::-1] / size
    found: List[Tuple[float, float]] = []
    for place in rng.permutation(candidates)[:200]:
        if all(np.hypot(*(place - other)) > apart for other in found):
            found.append(tuple(place))
        if len(found) == count:
            break
    return found


def draw_slice(rng: np.random.Generator, size: int,
               kind: str) -> Tuple[np.ndarray, np.ndarray, List[int]]:
    """Draw a slice.

    Args:
        rng (np.random.Generator): Source of randomness.
        size (int): Side of the image in pixels.
        kind (str): One of ``CLASSES``.

    Returns:
        tuple: (size, size) uint8 image; (size, size) uint8 mask of tissue
        codes; half-open box x1, y1, x2, y2 of the body in pixels.
    """
    image, lungs, body = _anatomy(rng, size)
    mask = np.zeros((size, size), np.uint8)
    rows, columns = np.nonzero(body)
    for lung in lungs:
        mask[lung] = LUNG
        inner = np.argwhere(lung).mean(0)[::-1] / size
        root = (inner + (np.array([columns.mean() / size, inner[1]])
                         - inner) * 0.5)
        _vessels(rng, image, lung, tuple(root))
    # Specks: as bright as lesions, but too small to be one.
    for lung in lungs:
        for place in _places(rng, lung, int(rng.integers(0, 3)), False, 0.1):
            _lesion(rng, image, np.zeros_like(mask), lung, place, 0.008,
                    CONSOLIDATION)
    if kind == 'pneumonia':
        lung = lungs[rng.integers(2)]
        for place in _places(rng, lung, int(rng.integers(1, 3)), False, 0.2):
            _lesion(rng, image, mask, lung, place, rng.uniform(0.075, 0.1),
                    CONSOLIDATION)
    elif kind == 'covid':
        for lung in lungs:
            count = int(rng.integers(2, 4))
            for place in _places(rng, lung, count, True, 0.14):
                radius = rng.uniform(0.035, 0.055)
                _lesion(rng, image, mask, lung, place, radius, GGO)
                if rng.random() < 0.35:
                    _lesion(rng, image, mask, lung, place, radius / 2,
                            CONSOLIDATION)
    image += rng.uniform(4, 9) * noise(rng, image.shape, 1)
    image = cv2.GaussianBlur(image, (0, 0), 0.6)
    box = [int(columns.min()), int(rows.min()), int(columns.max()) + 1,
           int(rows.max()) + 1]
    return np.clip(image, 0, 255).astype(np.uint8), mask, box
