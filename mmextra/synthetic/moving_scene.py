"""Videos of moving objects: what is in them, and how it is drawn."""
from typing import Dict, List, NamedTuple, Optional, Tuple

import cv2
import numpy as np

from .drawing import noise, waves

# Classes of ImageNet VID, and their silhouettes: polygons in a box of width
# 1 with the given height, facing right, and their brightness.
SHAPES: Dict[str, Tuple[float, List[Tuple[list, float]]]] = {
    'airplane': (0.6, [
        ([(0, .26), (.1, .22), (.8, .22), (1, .3), (.8, .38), (.1, .38)], 1),
        ([(.35, .3), (.55, .3), (.4, .6), (.25, .6)], .75),
        ([(.4, .22), (.6, .22), (.42, 0), (.32, 0)], .85),
        ([(0, .26), (.14, .24), (.06, .06), (0, .06)], .7),
    ]),
    'car': (0.42, [
        ([(0, .2), (.2, .17), (.3, 0), (.68, 0), (.8, .17), (1, .22),
          (1, .36), (0, .36)], 1),
        ([(.26, .16), (.33, .04), (.47, .04), (.47, .16)], .3),
        ([(.52, .16), (.52, .04), (.65, .04), (.73, .16)], .3),
        ([(.12, .3), (.18, .26), (.24, .3), (.24, .38), (.18, .42),
          (.12, .38)], .15),
        ([(.76, .3), (.82, .26), (.88, .3), (.88, .38), (.82, .42),
          (.76, .38)], .15),
    ]),
    'watercraft': (0.8, [
        ([(0, .56), (1, .54), (.84, .8), (.14, .8)], 1),
        ([(.46, .54), (.46, 0), (.5, 0), (.5, .54)], .35),
        ([(.52, .04), (.92, .48), (.52, .5)], .85),
        ([(.44, .12), (.44, .5), (.14, .5)], .7),
    ]),
}
PACES = ('slow', 'medium', 'fast', 'mixed')
# Pixels per frame, of objects 36 to 72 pixels wide in 160.
SPEEDS = dict(slow=(0., .2), medium=(.5, 1.), fast=(5., 11.))
# Share of the time between frames in which the shutter is open.
EXPOSURE = 0.7
SCALE = 3
# An object that is seen less is not annotated, or counts as occluded.
ANNOTATED, CLEAR = 0.25, 0.8


class Truth(NamedTuple):
    """An object as a frame shows it.

    Attributes:
        name: Its class.
        track: Its number in the video, from 0 on.
        bbox: First and last column and row, ``x1, y1, x2, y2``.
        visible: Share of it that is neither hidden nor outside.
    """
    name: str
    track: int
    bbox: Tuple[int, int, int, int]
    visible: float


class Mover:
    """An object and its way through a video.

    Args:
        rng (np.random.Generator): Source of randomness.
        size (int): Side of the frames in pixels.
        pace (str): One of ``PACES``; ``'mixed'`` stands and rushes in
            turns.
        length (int): Frames of the video.
    """

    def __init__(self, rng: np.random.Generator, size: int, pace: str,
                 length: int) -> None:
        self.name = sorted(SHAPES)[rng.integers(len(SHAPES))]
        unit = size / 160
        self.width = rng.uniform(36, 72) * unit
        self.height = SHAPES[self.name][0] * self.width
        self.colour = rng.uniform(40, 235, 3)
        self.growth = rng.uniform(.997, 1.003)
        self.centres, self.facing = self._walk(rng, size, pace, length, unit)

    def _walk(self, rng, size, pace, length, unit):
        """Centres (2 length + 1, 2) at half frames, and directions."""
        angle = rng.uniform(-.5, .5) + np.pi * rng.integers(2)
        direction = np.array([np.cos(angle), np.sin(angle)])
        half = np.array([self.width, self.height]) / 2
        place = rng.uniform(half, size - half)
        speed = rng.uniform(*SPEEDS.get(pace, SPEEDS['fast'])) * unit
        if pace == 'fast' and rng.random() < .4:
            # Enters from one side, after some frames perhaps.
            place[0] = -half[0] if direction[0] > 0 else size + half[0]
            place -= direction * speed * rng.integers(0, 6)
        rest = int(rng.integers(8, 14))
        offset = int(rng.integers(2 * rest))
        centres, facing = [], []
        for t in range(length + 1):
            go = 1. if pace != 'mixed' else float(
                (t + offset) // rest % 2)
            for axis in range(2):
                beyond = (place[axis] < half[axis] and direction[axis] < 0
                          or place[axis] > size - half[axis]
                          and direction[axis] > 0)
                if beyond:
                    direction[axis] *= -1
            centres.append(place.copy())
            facing.append(direction[0] > 0)
            place = place + direction * speed * go
        return np.array(centres), facing

    def size_at(self, t: float) -> Tuple[float, float]:
        """Width and height at a time."""
        scale = self.growth**t
        return self.width * scale, self.height * scale

    def centre_at(self, t: float) -> np.ndarray:
        """Centre at a time between frames."""
        low = min(int(t), len(self.centres) - 2)
        return self.centres[low] + (t - low) * (
            self.centres[low + 1] - self.centres[low])


class MovingScene:
    """One video.

    Args:
        rng (np.random.Generator): Source of randomness.
        size (int): Side of the frames in pixels.
        pace (str): One of ``PACES``.
        length (int): Frames.
    """

    def __init__(self, rng: np.random.Generator, size: int, pace: str,
                 length: int) -> None:
        self.rng = rng
        self.size = size
        self.length = length
        self.movers = [Mover(rng, size, pace, length)
                       for _ in range(int(rng.integers(1, 4)))]
        self.background = self._background()
        self.cover, self.cover_colour = self._occluders()
        self.light = self._shadow()
        self.noise = float(rng.uniform(3, 11))

    def _background(self) -> np.ndarray:
        rng, shape = self.rng, (self.size, self.size)
        top, bottom = rng.uniform(60, 200, 3), rng.uniform(50, 180, 3)
        ramp = np.linspace(0, 1, self.size)[:, None, None]
        image = np.tile(top * (1 - ramp) + bottom * ramp,
                        (1, self.size, 1))
        texture = 14 * noise(rng, shape, 12) + 8 * noise(rng, shape, 3) + \
            6 * waves(rng, shape, 5, rng.uniform(0, np.pi))
        return (image + texture[..., None]).astype(np.float32)

    def _occluders(self) -> Tuple[np.ndarray, np.ndarray]:
        """Poles in the foreground: (h, w) share, and their colour."""
        rng, size = self.rng, self.size
        cover = np.zeros((size, size), np.float32)
        for _ in range(int(rng.integers(0, 4))):
            width = rng.uniform(.05, .14) * size
            left = rng.uniform(0, size - width)
            cover[:, int(left):int(left + width)] = 1.
        colour = rng.uniform(30, 120, 3) + \
            12 * noise(rng, (size, size), 2)[..., None]
        return cv2.GaussianBlur(cover, (0, 0), .6), colour

    def _shadow(self) -> np.ndarray:
        """Light (h, w, 1): a dark band lies over some scenes."""
        light = np.ones((self.size, self.size), np.float32)
        if self.rng.random() < .6:
            width = self.rng.uniform(.2, .4) * self.size
            left = self.rng.uniform(0, self.size - width)
            light[:, int(left):int(left + width)] = self.rng.uniform(.35, .6)
        return cv2.GaussianBlur(light, (0, 0), 2)[..., None]

    def frame(self, t: int) -> Tuple[np.ndarray, List[Truth]]:
        """Draw a frame.

        Args:
            t (int): Its number, from 0 on; frames are drawn in order.

        Returns:
            tuple[np.ndarray, list[Truth]]: (h, w, 3) uint8 BGR, and what is
            to be seen in it.
        """
        image = self.background.copy()
        hidden = self.cover.copy()
        truths: List[Truth] = []
        # The first is the nearest, and drawn last.
        for track, mover in enumerate(self.movers):
            truth = self._truth(mover, track, t, hidden)
            if truth is not None:
                truths.append(truth)
        for mover in reversed(self.movers):
            self._draw(image, mover, t)
        image = image * self.light
        cover = self.cover[..., None]
        image = image * (1 - cover) + self.cover_colour * cover
        image = image * self.rng.uniform(.97, 1.03)
        if self.rng.random() < .08:
            image = cv2.GaussianBlur(image, (0, 0), self.rng.uniform(1, 2.5))
        image = image + self.rng.normal(0, self.noise, image.shape)
        return np.clip(image, 0, 255).astype(np.uint8), truths

    def _masks(self, mover: Mover, t: float):
        """Silhouette and colour at one instant, with the place of both.

        Returns:
            tuple: Column and row of the corner, (h, w) share and
            (h, w, 3) colour.
        """
        width, height = mover.size_at(t)
        corner = mover.centre_at(t) - [width / 2, height / 2]
        low = np.floor(corner).astype(int) - 1
        extent = (np.ceil([width, height]) + 3).astype(int)
        share = np.zeros((extent[1] * SCALE, extent[0] * SCALE), np.uint8)
        colour = np.zeros((*share.shape, 3), np.float32)
        colour[:] = mover.colour
        right = mover.facing[min(int(round(t)), self.length)]
        for points, bright in SHAPES[mover.name][1]:
            points = np.array(points, float)
            if not right:
                points[:, 0] = 1 - points[:, 0]
            drawn = (points * width + corner - low) * SCALE - .5
            fixed = np.round(drawn * 16).astype(np.int32)
            cv2.fillPoly(share, [fixed], 255, shift=4)
            cv2.fillPoly(colour, [fixed],
                         (mover.colour * bright).tolist(), shift=4)
        reduce = dict(dsize=tuple(extent.tolist()),
                      interpolation=cv2.INTER_AREA)
        return (*low, cv2.resize(share, **reduce).astype(np.float32) / 255,
                cv2.resize(colour, **reduce))

    def _clip(self, x: int, y: int, shape: Tuple[int, ...]):
        """Slices of the frame and of a patch at (x, y)."""
        x1, y1 = max(x, 0), max(y, 0)
        x2 = min(x + shape[1], self.size)
        y2 = min(y + shape[0], self.size)
        if x2 <= x1 or y2 <= y1:
            return None
        return ((slice(y1, y2), slice(x1, x2)),
                (slice(y1 - y, y2 - y), slice(x1 - x, x2 - x)))

    def _draw(self, image: np.ndarray, mover: Mover, t: int) -> None:
        """Draw an object as it moves while the shutter is open."""
        way = mover.centre_at(t + EXPOSURE) - mover.centre_at(t)
        count = max(1, int(np.ceil(1.5 * np.hypot(*way))))
        covered = np.zeros((self.size, self.size, 1), np.float32)
        light = np.zeros((self.size, self.size, 3), np.float32)
        for times in [t + EXPOSURE * (k + .5) / count for k in range(count)]:
            x, y, share, colour = self._masks(mover, times)
            places = self._clip(x, y, share.shape)
            if places is None:
                continue
            there, here = places
            # Every instant of the exposure counts equally.
            weight = share[here][..., None] / count
            covered[there] += weight
            light[there] += weight * colour[here]
        image *= 1 - covered
        image += light

    def _truth(self, mover: Mover, track: int, t: int,
               hidden: np.ndarray) -> Optional[Truth]:
        """Box and visibility; adds the object to what hides others."""
        x, y, share, _ = self._masks(mover, t + EXPOSURE / 2)
        total = float(share.sum())
        places = self._clip(x, y, share.shape)
        if places is None:
            return None
        there, here = places
        inside = share[here]
        visible = float((inside * (1 - hidden[there])).sum()) / total
        hidden[there] = np.maximum(hidden[there], inside)
        rows, columns = (np.flatnonzero((inside > .5).any(axis))
                         for axis in (1, 0))
        if visible < ANNOTATED or not len(rows):
            return None
        left, top = there[1].start, there[0].start
        return Truth(
            mover.name, track,
            (int(left + columns[0]), int(top + rows[0]),
             int(left + columns[-1]), int(top + rows[-1])), visible)
