"""A town from a drone: roads, car parks, small vehicles and pedestrians."""
import math
from typing import List, NamedTuple, Tuple

import numpy as np

from .drawing import Canvas, covered, fill_mask, noise, rectangle

# Category of VisDrone, length and width in pixels at an image side of 384,
# and how much each may differ.
KINDS = dict(
    pedestrian=(1, 7., 5., .2),
    car=(4, 17., 8., .15),
    truck=(6, 30., 11., .15),
    bus=(9, 44., 12., .1))
SHARES = (.4, .4, .12, .08)
# Blue, green, red.
PAINTS = ((40, 40, 200), (200, 60, 40), (235, 235, 235), (30, 30, 32),
          (150, 150, 155), (60, 150, 60), (40, 190, 220))
GROUNDS = ((70, 105, 85), (92, 118, 122), (105, 112, 118), (60, 88, 66))


class AerialObject(NamedTuple):
    """One object: its kind, and its (4, 2) corners in pixels."""
    kind: str
    corners: np.ndarray


class AerialScene(NamedTuple):
    """A finished picture.

    ``image`` (height, width, 3) uint8 BGR; ``regions`` are x1, y1, x2, y2 of
    crowds whose members are not told.
    """
    image: np.ndarray
    objects: List[AerialObject]
    regions: List[Tuple[int, int, int, int]]


class Aerial:
    """One view from above, drawn from a source of randomness.

    Args:
        rng (np.random.Generator): Source of randomness.
        width (int): Width in pixels.
        height (int): Height in pixels.
        objects (tuple[int, int]): Least and greatest number of objects that
            is tried for; a crowded picture may get fewer.
    """

    def __init__(self, rng: np.random.Generator, width: int, height: int,
                 objects: Tuple[int, int]) -> None:
        self.rng, self.width, self.height = rng, width, height
        self.wanted = int(rng.integers(objects[0], objects[1] + 1))
        self.unit = max(width, height) / 384
        self.turn = rng.uniform(0, math.pi)
        sun = rng.uniform(0, 2 * math.pi)
        self.shadow = 2.5 * self.unit * np.array(
            [math.cos(sun), math.sin(sun)])
        self.taken = np.zeros((height, width), np.uint8)
        self.objects: List[AerialObject] = []

    def draw(self) -> AerialScene:
        """Compose and paint."""
        rng = self.rng
        canvas = Canvas(self.width, self.height,
                        GROUNDS[rng.integers(len(GROUNDS))])
        roads = self._roads(canvas)
        self._clutter(canvas)
        regions = self._crowds(canvas)
        for _ in range(self.wanted):
            self._place(str(rng.choice(list(KINDS), p=SHARES)), roads)
        for item in self.objects:
            canvas.blend(item.corners + self.shadow, (20, 20, 20), 0.5)
        for item in self.objects:
            self._paint(canvas, item)
        image = canvas.reduce()
        shape = image.shape[:2]
        image += 5 * noise(rng, shape, 6 * self.unit)[..., None]
        image += rng.normal(0, 3, image.shape)
        image = (image - 110) * rng.uniform(.8, 1.15) + rng.uniform(85, 135)
        return AerialScene(
            np.clip(image, 0, 255).astype(np.uint8), self.objects, regions)

    def _point(self) -> np.ndarray:
        return self.rng.uniform(0, 1, 2) * (self.width, self.height)

    def _roads(self, canvas: Canvas) -> List[Tuple[np.ndarray, float, float]]:
        """Paint roads; gives centre, angle and width of each."""
        roads = []
        reach = 2 * max(self.width, self.height)
        for k in range(int(self.rng.integers(1, 4))):
            angle = self.turn + k * math.pi / 2
            road = self._point(), angle, self.rng.uniform(34, 60) * self.unit
            tone = float(self.rng.uniform(75, 105))
            canvas.fill(rectangle(road[0], reach, road[2], angle),
                        (tone, tone, tone))
            roads.append(road)
        for centre, angle, _ in roads:
            along = np.array([math.cos(angle), math.sin(angle)])
            for step in np.arange(-reach / 2, reach / 2, 18 * self.unit):
                canvas.fill(
                    rectangle(centre + step * along, 8 * self.unit,
                              1.2 * self.unit, angle), (200, 205, 205))
        return roads

    def _clutter(self, canvas: Canvas) -> None:
        """Roofs, trees and bright things that are no objects."""
        rng = self.rng
        for _ in range(int(rng.integers(2, 6))):
            tone = rng.uniform(60, 170) + rng.normal(0, 15, 3)
            shape = rectangle(self._point(), *rng.uniform(30, 80, 2) *
                              self.unit, self.turn)
            canvas.blend(shape + 2 * self.shadow, (20, 20, 20), 0.5)
            canvas.fill(shape, np.clip(tone, 0, 255))
            fill_mask(self.taken, shape)
        for _ in range(int(rng.integers(5, 18))):
            place, radius = self._point(), rng.uniform(3, 9) * self.unit
            canvas.disc(place + self.shadow, radius, (30, 40, 30))
            canvas.disc(place, radius, (40, rng.uniform(80, 120), 50))
        for _ in range(int(rng.integers(2, 8))):
            canvas.fill(
                rectangle(self._point(), *rng.uniform(2, 7, 2) * self.unit,
                          rng.uniform(0, math.pi)),
                np.clip(rng.uniform(40, 220) + rng.normal(0, 20, 3), 0, 255))

    def _crowds(self, canvas: Canvas) -> List[Tuple[int, int, int, int]]:
        """Sometimes a dense crowd, which becomes an ignored region."""
        if self.rng.random() > .35:
            return []
        size = self.rng.uniform(35, 60, 2) * self.unit
        low = self.rng.uniform(0, 1, 2) * ((self.width, self.height) - size)
        box = np.round([*low, *(low + size)]).astype(int)
        if self.taken[box[1]:box[3], box[0]:box[2]].any():
            return []
        for place in self.rng.uniform(low + 3, low + size - 3, (30, 2)):
            self._person(canvas, rectangle(place, 6 * self.unit,
                                           4 * self.unit, self.turn))
        self.taken[box[1]:box[3], box[0]:box[2]] = 1
        return [tuple(int(v) for v in box)]

    def _place(self, kind: str,
               roads: List[Tuple[np.ndarray, float, float]]) -> None:
        """Find a free place for an object, or leave it out."""
        rng = self.rng
        _, length, width, spread = KINDS[kind]
        length, width = (side * self.unit * rng.uniform(1 - spread,
                                                        1 + spread)
                         for side in (length, width))
        for _ in range(20):
            centre, angle = self._point(), rng.uniform(0, math.pi)
            if kind != 'pedestrian':
                on, angle, wide = roads[rng.integers(len(roads))]
                along = np.array([math.cos(angle), math.sin(angle)])
                lane = rng.choice([-.36, -.14, .14, .36]) * wide
                centre = on + ((centre - on) @ along) * along + \
                    lane * np.array([-along[1], along[0]])
            corners = rectangle(centre, length, width, angle)
            inside = ((corners >= 0) &
                      (corners <= (self.width, self.height))).all()
            if not inside:
                continue
            room = rectangle(centre, length + 3 * self.unit,
                             width + 3 * self.unit, angle)
            if not covered(self.taken, room).any():
                fill_mask(self.taken, room)
                self.objects.append(AerialObject(kind, corners))
                return

    def _paint(self, canvas: Canvas, item: AerialObject) -> None:
        if item.kind == 'pedestrian':
            self._person(canvas, item.corners)
            return
        rng = self.rng
        paint = np.array(PAINTS[rng.integers(len(PAINTS))], float)
        paint = np.clip(paint + rng.normal(0, 8, 3), 0, 255)
        front, back, side, other = (item.corners[i] for i in (1, 0, 2, 3))

        def strip(start: float, end: float, inset: float) -> np.ndarray:
            """A part between two shares of the length."""
            edges = [(back + (front - back) * s, other + (side - other) * s)
                     for s in (start, end)]
            return np.array([
                edges[0][0] + (edges[0][1] - edges[0][0]) * inset,
                edges[1][0] + (edges[1][1] - edges[1][0]) * inset,
                edges[1][1] + (edges[1][0] - edges[1][1]) * inset,
                edges[0][1] + (edges[0][0] - edges[0][1]) * inset
            ])

        canvas.fill(item.corners, paint)
        if item.kind == 'car':
            canvas.fill(strip(.6, .75, .12), (45, 40, 35))
            canvas.fill(strip(.12, .25, .15), (45, 40, 35))
        elif item.kind == 'truck':
            canvas.fill(strip(0, .7, 0), (165, 185, 190))
            canvas.fill(strip(.7, .75, 0), (25, 25, 25))
            canvas.fill(strip(.88, .96, .1), (45, 40, 35))
        else:
            canvas.fill(strip(.94, 1, .08), (45, 40, 35))
            for k in range(3):
                canvas.fill(strip(.15 + .25 * k, .28 + .25 * k, .25),
                            paint * .7)

    def _person(self, canvas: Canvas, corners: np.ndarray) -> None:
        """Shoulders, dark or bright, with a head."""
        colour = self.rng.uniform(20, 240, 3)
        canvas.fill(corners, colour)
        centre = corners.mean(0)
        reach = float(np.linalg.norm(corners[0] - corners[2]))
        canvas.disc(centre, .22 * reach, (50, 60, 90))


def object_box(corners: np.ndarray, width: int,
               height: int) -> Tuple[int, int, int, int]:
    """Whole pixels around an object: left, top, width and height."""
    low = np.clip(np.floor(corners.min(0)), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(corners.max(0)), 0, (width, height)).astype(int)
    return (*low.tolist(), *(high - low).tolist())
