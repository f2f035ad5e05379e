"""Land, quays, pontoons and what stands on them; the berths along them."""
import math
from typing import List, NamedTuple, Tuple

import numpy as np

from .drawing import Canvas, covered, fill_mask, rectangle
from .ships import CONTAINERS

# Blue, green, red.
GROUNDS = ((128, 136, 140), (108, 114, 116), (118, 134, 148), (95, 112, 124))
GREENS = ((48, 72, 62), (40, 84, 66), (66, 98, 92))
ROOFS = ((96, 104, 150), (150, 152, 152), (205, 205, 203), (90, 92, 95),
         (130, 112, 92), (110, 132, 160), (70, 84, 128))
PONTOONS = ((82, 98, 132), (140, 146, 148), (104, 124, 138), (84, 100, 112))
CARS = ((215, 215, 213), (40, 40, 42), (120, 120, 122), (52, 50, 150),
        (120, 75, 45), (170, 172, 174))


class Berth(NamedTuple):
    """A line to moor at; water lies clockwise from its direction."""

    x: float
    y: float
    angle: float
    length: float
    bow_to: bool

    def point(self, along: float, off: float) -> Tuple[float, float]:
        """The image point ``along`` the line and ``off`` into the water."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return (self.x + along * cos - off * sin,
                self.y + along * sin + off * cos)


class Waterfront:
    """The fixed part of a harbour, laid out in a turned frame.

    In the frame u runs along the quay and v from the land to the water; the
    first quay is the line v = 0.

    Args:
        canvas (Canvas): The canvas, full of water.
        rng (np.random.Generator): Source of randomness.
        layout (str): ``'marina'``, ``'port'``, ``'channel'`` or ``'open'``.
        unit (float): Pixels per size unit of the furniture.
        sun (np.ndarray): (2,) direction of shadows.
        shade (float): Strength of shadows, 0 to 1.

    Attributes:
        blocked (np.ndarray): (height, width) uint8, 1 where no ship fits.
        berths (list[Berth]): Places to moor.
    """

    def __init__(self, canvas: Canvas, rng: np.random.Generator, layout: str,
                 unit: float, sun: np.ndarray, shade: float) -> None:
        self.canvas, self.rng, self.layout = canvas, rng, layout
        self.unit, self.sun, self.shade = unit, sun, shade
        self.blocked = np.zeros((canvas.height, canvas.width), np.uint8)
        self.berths: List[Berth] = []
        self.angle = rng.uniform(0, 2 * math.pi)
        self.reach = 0.6 * math.hypot(canvas.width, canvas.height)
        self.size = min(canvas.width, canvas.height)
        back = rng.uniform(.02, .36) * self.size
        self.origin = np.array([canvas.width, canvas.height]) / 2
        self.origin = self.origin - back * np.array(
            [-math.sin(self.angle), math.cos(self.angle)])
        self.ground = np.array(GROUNDS[rng.integers(len(GROUNDS))], float)
        self.ground *= rng.uniform(.75, 1.15)

    def place(self, points) -> np.ndarray:
        """Points (n, 2) of the frame on the image."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return np.asarray(points, float) @ np.array(
            [[cos, sin], [-sin, cos]]) + self.origin

    def paint(self) -> None:
        """Lay out and paint everything."""
        rng, size = self.rng, self.size
        if self.layout == 'open':
            if rng.random() < .4:
                self._island()
            return
        self._quay(0., 1.)
        piers = []
        if self.layout == 'channel':
            opposite = rng.uniform(.4, .6) * size
            self._quay(opposite, -1.)
        elif self.layout == 'port' and rng.random() < .6:
            at = rng.uniform(-.35, .35) * size
            piers = [(at, rng.uniform(.1, .2) * size)]
        elif self.layout == 'marina':
            pitch = rng.uniform(.3, .5) * size
            first = rng.uniform(-.8, .2) * pitch
            piers = [(first + k * pitch, rng.uniform(.014, .028) * size)
                     for k in range(-2, 4)]
        depth = rng.uniform(.35, .85) * size
        for at, width in piers:
            self._pier(at, width, depth * rng.uniform(.85, 1.))
        self._furnish()
        if self.layout == 'channel':
            # The same again behind the other quay, seen from the water.
            self.origin = self.place([[0., opposite]])[0]
            self.angle += math.pi
            self._furnish()

    def _land(self, corners: np.ndarray, colour, rim: float) -> None:
        """Solid ground with its shadow on the water."""
        points = self.place(corners)
        self.canvas.blend(points + self.sun * 2.2 * self.unit, (16, 16, 12),
                          self.shade * .8, soft=.6)
        self.canvas.fill(points, np.asarray(colour) * 1.18)
        middle = corners.mean(0)
        inner = middle + (corners - middle) * np.clip(
            1 - 2 * rim / np.maximum(np.ptp(corners, axis=0), 1e-6), 0, 1)
        self.canvas.fill(self.place(inner), colour)
        fill_mask(self.blocked, points)

    def _berth(self, u: float, v: float, turn: float, length: float,
               bow_to: bool) -> None:
        x, y = self.place([[u, v]])[0]
        self.berths.append(Berth(x, y, self.angle + turn, length, bow_to))

    def _quay(self, edge: float, side: float) -> None:
        """Land beyond v = edge; side 1: water at larger v, -1: smaller."""
        far = 2 * self.reach
        corners = np.array([[-far, edge], [far, edge],
                            [far, edge - side * far],
                            [-far, edge - side * far]])
        self._land(corners, self.ground, 1.2 * self.unit)
        bow_to = self.rng.random() < (.75 if self.layout == 'marina' else .2)
        self._berth(-side * self.reach, edge, 0 if side > 0 else math.pi,
                    2 * self.reach, bow_to)

    def _pier(self, at: float, width: float, depth: float) -> None:
        """A pier at u = at, from the quay into the water."""
        wooden = self.layout == 'marina'
        colour = self.ground
        if wooden:
            colour = np.array(PONTOONS[self.rng.integers(len(PONTOONS))],
                              float)
        corners = np.array([[at - width / 2, -1.], [at + width / 2, -1.],
                            [at + width / 2, depth], [at - width / 2, depth]])
        self._land(corners, colour, .5 * self.unit)
        bow_to = wooden or self.rng.random() < .15
        self._berth(at - width / 2, 0, math.pi / 2, depth, bow_to)
        self._berth(at + width / 2, depth, -math.pi / 2, depth, bow_to)

    def _island(self) -> None:
        rng = self.rng
        turn = np.linspace(0, 2 * math.pi, 18, endpoint=False)
        radius = self.size * rng.uniform(.08, .3) * (
            1 + .35 * np.sin(turn * 2 + rng.uniform(0, 6)) +
            rng.normal(0, .08, 18))
        centre = rng.choice([-.45, .45], 2) * (self.canvas.width,
                                               self.canvas.height)
        shape = centre + radius[:, None] * np.stack(
            [np.cos(turn), np.sin(turn)], 1) + (self.canvas.width / 2,
                                                self.canvas.height / 2)
        middle = shape.mean(0)
        for scale, colour in ((1.12, (130, 150, 140)), (1., (140, 175, 190)),
                              (.86, GREENS[rng.integers(len(GREENS))])):
            self.canvas.fill(middle + (shape - middle) * scale, colour)
        fill_mask(self.blocked, middle + (shape - middle) * 1.12)

    def _furnish(self) -> None:
        """Rows of things parallel to the quay, back to the horizon."""
        rng, unit = self.rng, self.unit
        rows = dict(cars=.3, roofs=.2, trees=.2, containers=.1, tents=.1,
                    lawn=.1)
        if self.layout in ('port', 'channel'):
            rows = dict(cars=.1, roofs=.27, trees=.08, containers=.45,
                        tents=.02, lawn=.08)
        v = -rng.uniform(2, 8) * unit
        if rng.random() < .5:
            v = self._road(v)
        while v > -self.reach * 1.2:
            kind = rng.choice(list(rows), p=list(rows.values()))
            v = getattr(self, f'_{kind}')(v) - rng.uniform(1, 9) * unit

    def _road(self, v: float) -> float:
        width, far = self.rng.uniform(9, 16) * self.unit, self.reach
        self.canvas.blend(
            self.place([[-far, v], [far, v], [far, v - width],
                        [-far, v - width]]), (82, 82, 80), .75)
        mid = v - width / 2
        for u in np.arange(-far, far, 9 * self.unit):
            self.canvas.line(*self.place([[u, mid], [u + 4 * self.unit,
                                                     mid]]),
                             (205, 205, 205), .7 * self.unit)
        for _ in range(int(self.rng.integers(0, 6))):
            self._car(self.rng.uniform(-far, far),
                      mid + self.rng.choice([-.25, .25]) * width, 0.)
        return v - width

    def _solid(self, u: float, v: float, length: float, width: float,
               turn: float, colour, height: float) -> bool:
        """A raised rectangle, if it stands wholly on land."""
        shape = rectangle(self.place([[u, v]])[0], length, width,
                          self.angle + turn)
        ground = covered(self.blocked, shape)
        if ground.size == 0 or not ground.all():
            return False
        if height:
            self.canvas.blend(shape + self.sun * height, (22, 22, 20),
                              self.shade)
        self.canvas.fill(shape, colour)
        return True

    def _car(self, u: float, v: float, turn: float) -> None:
        colour = np.array(CARS[self.rng.integers(len(CARS))], float)
        unit = self.unit
        if self._solid(u, v, 5.6 * unit, 2.7 * unit, turn, colour, .9):
            self._solid(u, v, 3.4 * unit, 2.2 * unit, turn, (55, 50, 48), 0)
            self._solid(u, v, 2.2 * unit, 2. * unit, turn, colour * .95, 0)

    def _cars(self, v: float) -> float:
        unit = self.unit
        pitch, fullness = 4.2 * unit, self.rng.uniform(.3, .9)
        for u in np.arange(-self.reach, self.reach, pitch):
            if self.rng.random() < fullness:
                self._car(u, v - 3.5 * unit, math.pi / 2)
        return v - 7 * unit

    def _containers(self, v: float) -> float:
        rng, unit = self.rng, self.unit
        long, wide = 12.5 * unit, 3. * unit
        lanes = int(rng.integers(2, 7))
        u = -self.reach + rng.uniform(0, 20)
        while u < self.reach:
            stacks, full = int(rng.integers(1, 5)), rng.uniform(.5, .95)
            for i in range(stacks):
                for j in range(lanes):
                    if rng.random() > full:
                        continue
                    paint = np.array(CONTAINERS[rng.integers(
                        len(CONTAINERS))]) * rng.uniform(.8, 1.15)
                    self._solid(u + i * long * 1.04, v - (j + .5) * wide * 1.1,
                                long, wide, 0, np.clip(paint, 0, 255), 1.2)
            u += stacks * long * 1.04 + rng.uniform(4, 16) * unit
        return v - lanes * wide * 1.1

    def _roofs(self, v: float) -> float:
        rng, unit = self.rng, self.unit
        deep = rng.uniform(10, 34) * unit
        u = -self.reach
        while u < self.reach:
            long = rng.uniform(14, 75) * unit
            roof = np.array(ROOFS[rng.integers(len(ROOFS))]) * rng.uniform(
                .85, 1.1)
            roof = np.clip(roof, 0, 240)
            if self._solid(u + long / 2, v - deep / 2, long, deep, 0, roof,
                           4 * unit):
                # The side of the roof that faces the sun is lighter.
                lit = 1.15 if rng.random() < .5 else .82
                self._solid(u + long / 2, v - deep / 4, long, deep / 2, 0,
                            np.clip(roof * lit, 0, 250), 0)
                for _ in range(int(rng.integers(0, 5))):
                    self._solid(u + rng.uniform(.1, .9) * long,
                                v - rng.uniform(.15, .85) * deep, 3 * unit,
                                2 * unit, 0, roof * .6, .5)
            u += long + rng.uniform(3, 25) * unit
        return v - deep

    def _tents(self, v: float) -> float:
        rng, side = self.rng, self.rng.uniform(8, 14) * self.unit
        first = rng.uniform(-self.reach, self.reach * .5)
        for k in range(int(rng.integers(2, 9))):
            u = first + k * side
            if self._solid(u, v - side / 2, side * .94, side * .94, 0,
                           (226, 228, 228), 2.5):
                self._solid(u, v - side / 2, side * .5, side * .5, 0,
                            (205, 208, 210), 0)
        return v - side

    def _trees(self, v: float) -> float:
        rng, unit = self.rng, self.unit
        green = np.array(GREENS[rng.integers(len(GREENS))], float)
        for u in np.arange(-self.reach, self.reach, 7 * unit):
            at = self.place([[u + rng.normal(0, 2 * unit),
                              v - rng.uniform(2, 7) * unit]])[0]
            radius = rng.uniform(1.6, 4.2) * unit
            box = rectangle(at, 2 * radius, 2 * radius, 0)
            ground = covered(self.blocked, box)
            if rng.random() < .25 or ground.size == 0 or not ground.all():
                continue
            self.canvas.disc(at + self.sun * radius * .7, radius,
                             self.ground * (1 - .6 * self.shade))
            for _ in range(5):
                self.canvas.disc(at + rng.normal(0, radius * .35, 2),
                                 radius * rng.uniform(.4, .75),
                                 green * rng.uniform(.65, 1.3))
        return v - 9 * unit

    def _lawn(self, v: float) -> float:
        rng = self.rng
        deep, long = rng.uniform(8, 30, 2) * self.unit * (1, 5)
        u = rng.uniform(-self.reach, self.reach - long / 2)
        self._solid(u + long / 2, v - deep / 2, long, deep, 0,
                    GREENS[rng.integers(len(GREENS))], 0)
        return v - deep
