"""Composition of a harbour: land, berths, ships that do not overlap."""
import math
from typing import List, NamedTuple, Tuple

import numpy as np

from .drawing import Canvas, covered, fill_mask, noise, rectangle, waves
from .ships import Ship, ShipPainter, paint_shadow, paint_wake, wake_outline
from .waterfront import Waterfront

# Blue, green, red of water: green basin, grey, deep blue, turquoise, silt.
WATERS = ((47, 52, 40), (92, 84, 66), (80, 60, 36), (112, 110, 78),
          (98, 108, 104), (62, 58, 38))
LAYOUTS = dict(marina=.45, port=.27, channel=.1, open=.18)

# Smallest share of a ship that may be inside of the image.
MIN_VISIBLE = 0.5


class Scene(NamedTuple):
    """A finished picture.

    ``image`` (height, width, 3) uint8 BGR; ``visible`` has the share of
    each ship's box that lies inside of the image.
    """

    image: np.ndarray
    ships: List[Ship]
    visible: List[float]


def separated(one: np.ndarray, others: np.ndarray, gap: float) -> np.ndarray:
    """Which rectangles keep a distance from one rectangle.

    By separating axes; near a corner it asks for slightly more than
    ``gap``.

    Args:
        one (np.ndarray): (4, 2) corners.
        others (np.ndarray): (n, 4, 2) corners.
        gap (float): The distance in pixels.

    Returns:
        np.ndarray: (n,) bool.
    """
    free = np.zeros(len(others), bool)
    for shape in (np.broadcast_to(one, others.shape), others):
        for k in range(2):
            axis = shape[:, k + 1] - shape[:, k]
            axis = axis / np.linalg.norm(axis, axis=1, keepdims=True)
            mine = np.einsum('pc,nc->np', one, axis)
            theirs = np.einsum('npc,nc->np', others, axis)
            free |= (mine.min(1) - theirs.max(1) > gap) | (
                theirs.min(1) - mine.max(1) > gap)
    return free


class Harbour:
    """One harbour, drawn from a source of randomness.

    Args:
        rng (np.random.Generator): Source of randomness.
        width (int): Width in pixels.
        height (int): Height in pixels.
        ships (tuple[int, int]): Least and greatest number of ships that is
            tried for; a crowded picture may get fewer.
        ship_length (tuple[float, float]): Least and greatest length in
            pixels.
    """

    def __init__(self, rng: np.random.Generator, width: int, height: int,
                 ships: Tuple[int, int],
                 ship_length: Tuple[float, float]) -> None:
        self.rng, self.width, self.height = rng, width, height
        self.wanted = int(rng.integers(ships[0], ships[1] + 1))
        self.lengths = ship_length
        self.unit = math.sqrt(ship_length[0] * ship_length[1]) / 42
        self.ships: List[Ship] = []
        self.visible: List[float] = []
        self.corners = np.zeros((0, 4, 2))
        turn = rng.uniform(0, 2 * math.pi)
        self.sun = np.array([math.cos(turn), math.sin(turn)])
        self.shade = rng.uniform(.35, .7)

    def draw(self) -> Scene:
        """Compose and paint."""
        rng = self.rng
        layout = rng.choice(list(LAYOUTS), p=list(LAYOUTS.values()))
        water = np.array(WATERS[rng.integers(len(WATERS))], float)
        water = np.clip(water * rng.uniform(.75, 1.25) +
                        rng.normal(0, 5, 3), 12, 200)
        canvas = Canvas(self.width, self.height, water)
        shore = Waterfront(canvas, rng, layout, self.unit, self.sun,
                           self.shade)
        shore.paint()
        # Sizes in a basin are alike.
        basin = self._length(.25 if layout == 'marina' else .8)
        self._moor(shore, basin)
        self._sail(shore.blocked)
        self._litter(canvas, shore)
        for ship in self.ships:
            if ship.moving:
                paint_wake(canvas, ship, rng)
        for ship in self.ships:
            paint_shadow(canvas, ship, self.sun, self.shade)
        painter = ShipPainter(canvas, rng)
        for ship in self.ships:
            painter.paint(ship)
        return Scene(self._photograph(canvas, shore.blocked), self.ships,
                     self.visible)

    def _length(self, skew: float) -> float:
        """A length; a small ``skew`` prefers short ships."""
        low, high = self.lengths
        return low * (high / low)**float(self.rng.beta(
            1.3 * max(skew, .3) + .7, 1.6))

    def _beam(self, length: float) -> float:
        low, high = self.lengths
        share = math.log(length / low) / math.log(max(high / low, 1.01))
        aspect = 3 + 3.6 * share**1.3 + self.rng.normal(.2, .45)
        return length / min(max(aspect, 3.), 8.)

    def _kind(self, length: float) -> str:
        low, high = self.lengths
        large = self.rng.random() < (length / math.sqrt(low * high) - .8)
        return str(self.rng.choice(
            ShipPainter.LARGE if large else ShipPainter.SMALL))

    def _add(self, ship: Ship, blocked: np.ndarray, gap: float) -> bool:
        """Take a ship, if it is in the picture, afloat and touches none."""
        if not (0 <= ship.cx < self.width and 0 <= ship.cy < self.height):
            return False
        corners = ship.corners
        inside = covered(np.ones((self.height, self.width), np.uint8),
                         corners)
        visible = min(len(inside) / (ship.length * ship.beam), 1.)
        if visible < MIN_VISIBLE or covered(blocked, corners).any():
            return False
        if not separated(corners, self.corners, gap).all():
            return False
        self.ships.append(ship)
        self.visible.append(visible)
        self.corners = np.concatenate([self.corners, corners[None]])
        return True

    def _moor(self, shore: Waterfront, basin: float) -> None:
        """Groups of ships at the berths, until about all are placed."""
        rng = self.rng
        total = self.wanted * rng.uniform(.7, 1.)
        for _ in range(4):
            for k in rng.permutation(len(shore.berths)):
                quota = min(int(rng.integers(3, 10)),
                            int(total) - len(self.ships))
                if quota > 0:
                    self._fill_berth(shore.berths[k], shore.blocked, basin,
                                     quota)

    def _fill_berth(self, berth, blocked: np.ndarray, basin: float,
                    quota: int) -> None:
        rng, unit = self.rng, self.unit
        length = float(np.clip(basin * rng.normal(1, .12), *self.lengths))
        bow_out = rng.random() < .5
        tight = rng.uniform(.6, 2.2) * unit
        where = rng.uniform(0, .5) * berth.length
        while where < berth.length and quota > 0:
            size = float(np.clip(length * rng.normal(1, .1), *self.lengths))
            beam = self._beam(size)
            slot = beam if berth.bow_to else size
            turn = berth.angle + math.pi / 2 * berth.bow_to
            turn += math.pi * (bow_out != (rng.random() < .12))
            turn += rng.normal(0, .025)
            rafted = 1 if berth.bow_to else int(
                rng.choice([1, 2, 3], p=[.6, .27, .13]))
            depth = (size if berth.bow_to else beam)
            for k in range(min(rafted, quota)):
                off = rng.uniform(.8, 2.) * unit + depth / 2 + k * (
                    depth + 1.6 * unit)
                x, y = berth.point(where + slot / 2, off)
                quota -= self._add(
                    Ship(x, y, size, beam, turn, self._kind(size)), blocked,
                    .6)
            where += slot + tight + rng.exponential(.5) * unit
            if rng.random() < .08:
                where += 2 * slot

    def _sail(self, blocked: np.ndarray) -> None:
        """Ships at anchor or under way, on free water."""
        rng = self.rng
        for _ in range(40 * self.wanted):
            if len(self.ships) >= self.wanted:
                break
            length = self._length(.6)
            ship = Ship(rng.uniform(0, self.width),
                        rng.uniform(0, self.height), length,
                        self._beam(length), rng.uniform(-math.pi, math.pi),
                        self._kind(length), bool(rng.random() < .45))
            if ship.moving and covered(
                    blocked, ship.place(wake_outline())).any():
                ship = ship._replace(moving=False)
            self._add(ship, blocked, 3 * self.unit)

    def _litter(self, canvas: Canvas, shore: Waterfront) -> None:
        """Buoys, rafts and floats: what swims and is no ship."""
        rng, unit = self.rng, self.unit
        for _ in range(int(rng.integers(0, 6))):
            at = rng.uniform(0, (self.width, self.height))
            raft = rng.random() < .6
            long = rng.uniform(10, 34) if raft else rng.uniform(2, 4)
            wide = long * rng.uniform(.3, 1) if raft else long
            turn = rng.uniform(0, math.pi)
            shape = rectangle(at, long * unit, wide * unit, turn)
            if covered(shore.blocked, shape).any() or not separated(
                    shape, self.corners, 4 * unit).all():
                continue
            colour = np.array([(95, 105, 112), (70, 85, 100),
                               (150, 155, 158)][rng.integers(3)])
            if not raft:
                canvas.disc(at, long * unit / 2, (40, 90, 215))
                continue
            canvas.blend(shape + self.sun * unit, (15, 15, 12), self.shade)
            canvas.fill(shape, colour)
            # Fish rafts are grids over water.
            cells = int(rng.integers(1, 5))
            for k in range(cells):
                share = (k + .5) / cells - .5
                mid = at + share * long * unit * np.array(
                    [math.cos(turn), math.sin(turn)])
                canvas.fill(rectangle(mid, .7 * long * unit / cells,
                                      .7 * wide * unit, turn), colour * .6)

    def _photograph(self, canvas: Canvas,
                    blocked: np.ndarray) -> np.ndarray:
        """Water and ground texture, haze, sensor noise."""
        rng, shape = self.rng, blocked.shape
        picture = canvas.reduce()
        dry = blocked.astype(np.float32)
        for corners in self.corners:
            covered_by = np.zeros(shape, np.uint8)
            fill_mask(covered_by, corners)
            dry = np.maximum(dry, covered_by)
        wind = rng.uniform(0, math.pi)
        sea = (rng.uniform(.01, .05) * noise(rng, shape, 50 * self.unit) +
               rng.uniform(.01, .05) * waves(rng, shape, rng.uniform(2, 6),
                                             wind))
        ground = (.035 * noise(rng, shape, 22 * self.unit) +
                  .03 * noise(rng, shape, 2) + .03 * noise(rng, shape, 1))
        texture = np.where(dry > 0, ground, sea)
        picture *= 1 + texture[..., None]
        if rng.random() < .25:
            # Sun glint on the crests.
            picture += (1 - dry)[..., None] * 60 * np.clip(
                waves(rng, shape, 2.5, wind) - 2.2, 0, 1)[..., None]
        haze = rng.uniform(0, .14)
        picture = picture * (1 - haze) + haze * np.array((185, 178, 170))
        picture *= rng.uniform(.85, 1.15)
        grey = picture.mean(2, keepdims=True)
        picture = grey + (picture - grey) * rng.uniform(.6, 1)
        grain = rng.normal(0, rng.uniform(1.5, 4), shape + (3, ))
        return np.clip(picture + grain, 0, 255).astype(np.uint8)
