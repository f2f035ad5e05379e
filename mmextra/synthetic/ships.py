"""Ships seen from above: their boxes, hulls and decks.

A ship lives in its own frame: u runs from the stern (-0.5) to the bow
(0.5), v across (-0.5 to 0.5); the hull touches all four sides of that
square, so its rotated box is exact.
"""
import math
from typing import NamedTuple, Sequence, Tuple

import numpy as np

from .drawing import Canvas, rectangle

Colour = Tuple[float, float, float]

# Blue, green, red.
PAINTS = ((40, 36, 34), (70, 50, 40), (95, 60, 30), (40, 40, 110),
          (60, 75, 50), (110, 108, 104), (35, 60, 95), (150, 110, 40))
BRIGHT_PAINTS = ((170, 110, 40), (60, 120, 60), (50, 60, 190),
                 (40, 140, 210), (40, 190, 215), (200, 200, 195))
CONTAINERS = ((60, 60, 170), (150, 90, 40), (70, 130, 60), (50, 120, 200),
              (180, 180, 180), (110, 110, 115), (60, 60, 110), (140, 60, 60))
DECKS = ((105, 125, 140), (95, 110, 118), (130, 135, 135), (80, 120, 150))
COVERS = ((120, 70, 35), (140, 95, 50), (90, 90, 92), (170, 165, 160),
          (60, 60, 62))


class Ship(NamedTuple):
    """A ship: pixels, and radians clockwise from the x axis to the bow."""

    cx: float
    cy: float
    length: float
    beam: float
    heading: float
    kind: str
    moving: bool = False

    @property
    def box(self) -> Tuple[float, float, float, float, float]:
        """(cx, cy, w, h, angle), w the length, angle in [-pi/2, pi/2)."""
        angle = (self.heading + math.pi / 2) % math.pi - math.pi / 2
        return self.cx, self.cy, self.length, self.beam, angle

    @property
    def corners(self) -> np.ndarray:
        """The corners of the box, (4, 2)."""
        return rectangle((self.cx, self.cy), self.length, self.beam,
                         self.heading)

    def place(self, points: Sequence) -> np.ndarray:
        """Points (n, 2) of the ship's frame on the image."""
        points = np.asarray(points, float) * (self.length, self.beam)
        cos, sin = math.cos(self.heading), math.sin(self.heading)
        return points @ np.array([[cos, sin], [-sin, cos]]) + (self.cx,
                                                               self.cy)


def hull(stern: float, shoulder: float, fullness: float) -> np.ndarray:
    """Outline of a hull in the ship's frame.

    Args:
        stern (float): Width of the stern as a share of the beam.
        shoulder (float): Where the sides begin to close, u in [-0.2, 0.4].
        fullness (float): 1 gives a bow of straight sides, more a round one.

    Returns:
        np.ndarray: (n, 2) points; the extremes are exactly -0.5 and 0.5.
    """
    t = np.linspace(0, 1, 9)
    bow = np.stack([shoulder + (0.5 - shoulder) * t,
                    0.5 * (1 - t**fullness)], 1)
    side = np.array([[-0.5, stern / 2], [-0.4, 0.25 + stern / 4],
                     [-0.25, 0.5]])
    half = np.concatenate([side, bow])
    return np.concatenate([half, half[-2::-1] * (1, -1)])


def block(u0: float, u1: float, half: float, front: float = 1.) -> np.ndarray:
    """A deck house from u0 to u1; its front is ``front`` times as wide."""
    return np.array([[u0, -half], [u1, -half * front], [u1, half * front],
                     [u0, half]])


def _tint(rng: np.random.Generator, colour: Sequence[float],
          spread: float = 12) -> np.ndarray:
    """A colour, lighter or darker by chance, slightly off in hue."""
    return np.clip(np.asarray(colour) + rng.normal(0, spread) +
                   rng.normal(0, spread / 3, 3), 8, 250)


def _pick(rng: np.random.Generator, colours: Sequence[Colour]) -> np.ndarray:
    return _tint(rng, colours[rng.integers(len(colours))])


class ShipPainter:
    """Paints ships on a canvas, one method per kind.

    Args:
        canvas (Canvas): The canvas.
        rng (np.random.Generator): Source of every variation.
    """

    SMALL = ('sail', 'motor', 'covered', 'fishing')
    LARGE = ('cargo', 'tanker', 'navy', 'ferry', 'bulk')

    def __init__(self, canvas: Canvas, rng: np.random.Generator) -> None:
        self.canvas, self.rng = canvas, rng

    def paint(self, ship: Ship) -> None:
        """Paint hull and deck; nothing lands outside of the ship's box."""
        getattr(self, f'_{ship.kind}')(ship)

    def _fill(self, ship: Ship, points: np.ndarray, colour) -> None:
        self.canvas.fill(ship.place(points), colour)

    def _body(self, ship: Ship, rail, deck, stern: Tuple[float, float],
              shoulder: Tuple[float, float], rim: float) -> np.ndarray:
        """Hull with a rail ``rim`` pixels wide round the deck."""
        rng = self.rng
        outline = hull(rng.uniform(*stern), rng.uniform(*shoulder),
                       rng.uniform(1.5, 2.3))
        self._fill(ship, outline, rail)
        inner = np.clip(1 - 2 * rim / np.array([ship.length, ship.beam]),
                        0.4, 0.95)
        self._fill(ship, outline * inner, deck)
        return outline

    def _shaded(self, ship: Ship, points: np.ndarray, colour) -> None:
        """A raised block: a dark edge behind it, then its top."""
        low, high = points.min(0), points.max(0)
        dark = np.clip((points - (low + high) / 2) * (1.12, 1.16) +
                       (low + high) / 2 + (0, 0.03), -0.46, 0.46)
        self._fill(ship, dark, np.asarray(colour) * 0.45)
        self._fill(ship, points, colour)

    def _sail(self, ship: Ship) -> None:
        rng = self.rng
        white = _tint(rng, (205, 208, 208), 22)
        hull_colour = white if rng.random() < .8 else _pick(rng, PAINTS)
        deck = _tint(rng, (165, 172, 176), 16)
        self._body(ship, hull_colour, deck, (.55, .8), (-.1, .08), .8)
        self._fill(ship, block(-.43, -.16, .27), _pick(rng, DECKS) * .55)
        self._shaded(ship, block(-.14, .2, .24, .55), white * 1.05)
        cover = _pick(rng, COVERS)
        mast = rng.uniform(.05, .15)
        self.canvas.line(*ship.place([[-.36, 0], [mast, 0]]), cover,
                         max(ship.beam * .1, .7))
        self._fill(ship, block(mast - .03, mast + .02, .3), (60, 62, 62))

    def _motor(self, ship: Ship) -> None:
        rng = self.rng
        white = _tint(rng, (228, 228, 226), 14)
        self._body(ship, white, white * .9, (.75, .95), (0., .15), .7)
        self._fill(ship, block(-.45, -.27, .34), _pick(rng, DECKS) * .7)
        self._shaded(ship, block(-.26, .12, .36, .8), white)
        self._fill(ship, block(.1, .2, .34, .5), (62, 52, 46))
        if rng.random() < .6:
            self._fill(ship, block(-.22, -.02, .25), _pick(rng, COVERS))
        self._fill(ship, block(.24, .36, .14, .4), white * .78)

    def _covered(self, ship: Ship) -> None:
        rng = self.rng
        cover = _pick(rng, COVERS + BRIGHT_PAINTS[:2])
        self._body(ship, _tint(rng, (190, 190, 188), 20), cover, (.6, .9),
                   (-.05, .12), .9)
        self.canvas.line(*ship.place([[-.38, 0], [.3, 0]]), cover * 1.25,
                         max(ship.beam * .1, .6))

    def _fishing(self, ship: Ship) -> None:
        rng = self.rng
        self._body(ship, _pick(rng, BRIGHT_PAINTS), _pick(rng, DECKS),
                   (.7, .9), (.05, .2), .9)
        self._fill(ship, block(-.42, -.2, .26), (60, 68, 72))
        at = rng.choice([-.12, .1])
        self._shaded(ship, block(at, at + .2, .28), (225, 225, 222))

    def _bridge(self, ship: Ship, u0: float, u1: float) -> None:
        white = _tint(self.rng, (222, 222, 220), 12)
        self._shaded(ship, block(u0, u1, .4), white)
        self._fill(ship, block(u1 - .012, u1, .45), (70, 62, 58))
        middle = (u0 + u1) / 2
        self._fill(ship, block(u0 + .01, middle, .14),
                   _pick(self.rng, BRIGHT_PAINTS) * .8)

    def _cargo(self, ship: Ship) -> None:
        rng = self.rng
        rail = _pick(rng, PAINTS)
        self._body(ship, rail, _tint(rng, rail * .6 + 45), (.75, .95),
                   (.22, .34), 1.)
        rows = int(np.clip(ship.length / 9, 4, 10))
        lanes = int(np.clip(ship.beam / 3, 2, 6))
        for k in range(rows):
            u0 = -.3 + .62 * k / rows
            if rng.random() < .12:
                continue
            for j in range(lanes):
                v0 = -.4 + .8 * j / lanes
                self._fill(ship, [[u0, v0], [u0 + .56 / rows, v0],
                                  [u0 + .56 / rows, v0 + .74 / lanes],
                                  [u0, v0 + .74 / lanes]],
                           _pick(rng, CONTAINERS))
        self._bridge(ship, -.45, -.34)

    def _bulk(self, ship: Ship) -> None:
        rng = self.rng
        rail = _pick(rng, PAINTS)
        deck = _tint(rng, (75, 85, 120) if rng.random() < .5 else
                     (95, 105, 98))
        self._body(ship, rail, deck, (.75, .95), (.25, .36), 1.)
        hatch = _tint(rng, (130, 135, 138), 18)
        count = int(rng.integers(4, 7))
        for k in range(count):
            u0 = -.29 + .62 * k / count
            self._shaded(ship, block(u0, u0 + .45 / count, .3), hatch)
        self._bridge(ship, -.45, -.34)

    def _tanker(self, ship: Ship) -> None:
        rng = self.rng
        deck = _tint(rng, (60, 65, 130) if rng.random() < .5 else
                     (75, 100, 70))
        self._body(ship, _pick(rng, PAINTS), deck, (.75, .95), (.25, .36),
                   1.)
        pipe = deck * .6 + 75
        width = max(ship.beam * .05, .6)
        for v in (-.07, .07):
            self.canvas.line(*ship.place([[-.3, v], [.36, v]]), pipe, width)
        for u in np.linspace(-.22, .3, 5):
            self.canvas.line(*ship.place([[u, -.36], [u, .36]]), pipe, width)
        self._bridge(ship, -.45, -.33)

    def _navy(self, ship: Ship) -> None:
        rng = self.rng
        grey = _tint(rng, (138, 134, 128), 16)
        self._body(ship, grey * .8, grey, (.7, .9), (-.1, .1), .7)
        pad = ship.place([[-.38, 0]])[0]
        self.canvas.disc(pad, ship.beam * .3, grey * 1.25)
        self.canvas.disc(pad, ship.beam * .2, grey * .9)
        self._shaded(ship, block(-.28, -.08, .36), grey * 1.15)
        self._shaded(ship, block(-.04, .17, .38, .7), grey * 1.2)
        self._fill(ship, block(-.2, -.12, .18), grey * .5)
        self._fill(ship, block(.24, .29, .13), grey * .6)
        self.canvas.line(*ship.place([[.28, 0], [.36, 0]]), grey * .6,
                         max(ship.beam * .06, .6))

    def _ferry(self, ship: Ship) -> None:
        rng = self.rng
        white = _tint(rng, (226, 226, 222), 10)
        self._body(ship, white, white * .85, (.85, 1.), (.1, .25), .8)
        self._shaded(ship, block(-.4, .26, .39, .8), white)
        stripe = _pick(rng, BRIGHT_PAINTS)
        for v in (-.26, 0, .26):
            self.canvas.line(*ship.place([[-.34, v], [.14, v]]),
                             white * .72, max(ship.beam * .07, .6))
        self._shaded(ship, block(-.22, -.12, .16), stripe)
        self._fill(ship, block(.2, .24, .34), (66, 58, 52))


def paint_shadow(canvas: Canvas, ship: Ship, sun: np.ndarray,
                 strength: float) -> None:
    """The shadow on the water; paint it before any hull.

    Args:
        canvas (Canvas): The canvas.
        ship (Ship): The ship.
        sun (np.ndarray): (2,) direction of the shadow, unit vector.
        strength (float): Share of black, 0 to 1.
    """
    outline = ship.place(hull(.8, .1, 2.))
    canvas.blend(outline + sun * (0.8 + 0.12 * ship.beam), (18, 16, 12),
                 strength, soft=.5)


def wake_outline() -> np.ndarray:
    """A rectangle round the longest wake, in the ship's frame."""
    return np.array([[.5, -1.6], [.5, 1.6], [-1.8, 1.6], [-1.8, -1.6]])


def paint_wake(canvas: Canvas, ship: Ship,
               rng: np.random.Generator) -> None:
    """The foam behind a moving ship and along its bow."""
    reach, spread = rng.uniform(.4, 1.1), rng.uniform(.3, .7)
    foam = (225, 225, 215)
    canvas.blend(ship.place([[-.42, -.3], [-.5 - reach, -.3 - spread * .4],
                             [-.5 - reach, .3 + spread * .4], [-.42, .3]]),
                 foam, rng.uniform(.12, .28), soft=1.2)
    canvas.blend(ship.place([[-.45, -.3], [-.5 - reach * .5, -.25],
                             [-.5 - reach * .5, .25], [-.45, .3]]),
                 foam, rng.uniform(.35, .6), soft=.8)
    for side in (-1, 1):
        canvas.blend(
            ship.place([[.47, 0], [.1, .52 * side],
                        [-.6 - reach * .4, (.9 + spread) * side],
                        [-.2, .62 * side], [.1, .6 * side]]),
            foam, rng.uniform(.2, .45), soft=.7)
