import math

import numpy as np
import pytest

from mmextra.synthetic.drawing import Canvas
from mmextra.synthetic.ships import Ship, ShipPainter, hull

KINDS = ShipPainter.SMALL + ShipPainter.LARGE


def paint(ship, size=160, scale=4):
    """Share of each pixel that the ship covers."""
    # On black and on white: only the ship is equal in both.
    pictures = []
    for background in (0, 255):
        canvas = Canvas(size, size, (background, ) * 3, scale)
        ShipPainter(canvas, np.random.default_rng(1)).paint(ship)
        pictures.append(canvas.reduce())
    return 1 - (pictures[1] - pictures[0]).mean(2) / 255


@pytest.mark.parametrize('stern,shoulder,fullness',
                         [(.55, -.1, 1.5), (1., .34, 2.3), (.7, .1, 1.)])
def test_hull_touches_all_sides(stern, shoulder, fullness):
    outline = hull(stern, shoulder, fullness)
    np.testing.assert_allclose(outline.min(0), [-.5, -.5])
    np.testing.assert_allclose(outline.max(0), [.5, .5])
    # One point at the bow, and the same on both sides.
    bow = outline[outline[:, 0] == outline[:, 0].max()]
    np.testing.assert_allclose(bow, [[.5, 0]], atol=1e-12)
    np.testing.assert_allclose(outline[::-1] * (1, -1), outline, atol=1e-12)


def test_place_puts_bow_ahead():
    ship = Ship(50, 60, 40, 10, math.pi / 2, 'sail')
    np.testing.assert_allclose(
        ship.place([[.5, 0], [0, .5]]), [[50, 80], [45, 60]], atol=1e-9)


@pytest.mark.parametrize('heading', [0., 1.2, 2.5, -2.0, math.pi, -1.6])
def test_box_is_the_same_rectangle_within_half_a_turn(heading):
    ship = Ship(50, 60, 40, 10, heading, 'sail')
    cx, cy, w, h, angle = ship.box
    assert -math.pi / 2 <= angle < math.pi / 2
    assert (cx, cy, w, h) == (50, 60, 40, 10)
    turned = ship._replace(heading=angle).corners
    distance = np.linalg.norm(turned[:, None] - ship.corners[None], axis=2)
    assert distance.min(1).max() < 1e-9


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('heading', [0., 0.6, 2.2])
def test_painted_ship_fills_its_box_exactly(kind, heading):
    ship = Ship(80.3, 79.6, 90., 22., heading, kind)
    share = paint(ship)
    y, x = np.nonzero(share > 0.05)
    points = np.stack([x, y], 1) + 0.5 - (ship.cx, ship.cy)
    axis = np.array([math.cos(heading), math.sin(heading)])
    along = points @ axis
    across = points @ (-axis[1], axis[0])
    # Centres of touched pixels: within a pixel of the sides, on either hand.
    for value, half in ((along.max(), 45), (-along.min(), 45),
                        (across.max(), 11), (-across.min(), 11)):
        assert half - 1.5 < value < half + 0.75
    # Between a slim hull and the whole box.
    assert 0.6 < share.sum() / (ship.length * ship.beam) < 0.97


def test_bow_is_pointed():
    share = paint(Ship(80, 80, 90, 24, 0., 'cargo'))
    ahead, behind = share[:, 80 + 42], share[:, 80 - 42]
    assert ahead.sum() < 0.5 * behind.sum()
