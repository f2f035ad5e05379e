import numpy as np
import pytest

from mmextra.synthetic.drawing import (
    Canvas,
    covered,
    fill_mask,
    noise,
    rectangle,
    waves,
)


def coverage(canvas):
    return canvas.reduce()[..., 0] / 255


def test_fill_is_right_to_a_part_of_a_pixel():
    canvas = Canvas(20, 10, (0, 0, 0), scale=4)
    canvas.fill(np.array([[3, 2], [12, 2], [12, 7], [3, 7]]), (255, ) * 3)
    drawn = coverage(canvas)
    # Pixel j covers [j, j + 1): columns 3..11, rows 2..6.
    assert (drawn[2:7, 3:12] == 1).all()
    drawn[2:7, 3:12] = 0
    # The drawn edge belongs to the polygon: a quarter pixel more at most.
    assert drawn.max() <= 0.26 and not drawn[:1].any() and not drawn[8:].any()


def test_fill_half_a_pixel():
    canvas = Canvas(6, 6, (0, 0, 0), scale=8)
    canvas.fill(np.array([[1.5, 0], [3, 0], [3, 6], [1.5, 6]]), (255, ) * 3)
    assert coverage(canvas)[3, 1] == pytest.approx(0.5, abs=0.13)


def test_blend_mixes_and_keeps_the_rest():
    canvas = Canvas(20, 20, (200, 200, 200))
    canvas.blend(rectangle((10, 10), 8, 8, 0), (0, 100, 200), 0.5)
    picture = canvas.reduce()
    np.testing.assert_allclose(picture[10, 10], (100, 150, 200), atol=1)
    np.testing.assert_array_equal(picture[2, 2], 200)
    canvas.blend(rectangle((-50, 10), 8, 8, 0), (0, 0, 0), 1.)
    np.testing.assert_allclose(canvas.reduce(), picture)


def test_line_is_as_wide_as_asked():
    canvas = Canvas(20, 20, (0, 0, 0), scale=4)
    canvas.line((4, 10), (16, 10), (255, ) * 3, 3.)
    column = coverage(canvas)[:, 10]
    assert column.sum() == pytest.approx(3, abs=0.3)
    assert column[8:12].sum() == pytest.approx(3, abs=0.3)


def test_rectangle_corners():
    corners = rectangle((10, 20), 6, 2, np.pi / 2)
    np.testing.assert_allclose(sorted(corners.tolist()),
                               [[9, 17], [9, 23], [11, 17], [11, 23]])


def test_covered_reads_what_fill_mask_set():
    mask = np.zeros((30, 40), np.uint8)
    fill_mask(mask, rectangle((20, 15), 10, 10, 0))
    assert covered(mask, rectangle((20, 15), 6, 6, 0.3)).all()
    assert not covered(mask, rectangle((5, 5), 6, 6, 0.3)).any()
    half = covered(mask, rectangle((25, 15), 10, 6, 0))
    assert 0.4 < half.mean() < 0.65
    assert covered(mask, rectangle((100, 100), 4, 4, 0)).size == 0


def test_noise_is_seeded_and_of_unit_size():
    fields = [noise(np.random.default_rng(3), (64, 48), 4) for _ in range(2)]
    np.testing.assert_array_equal(*fields)
    assert fields[0].shape == (64, 48)
    assert 0.5 < fields[0].std() < 1.3
    assert waves(np.random.default_rng(3), (64, 48), 4,
                 1.).std() == pytest.approx(1, abs=1e-3)
