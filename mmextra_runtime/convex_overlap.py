"""Areas common to pairs of convex quadrilaterals, many pairs at once.

Two ways. With a rectangle in the pair, :func:`rectangle_overlap` integrates
the other's outline over it, which has no case distinctions and so loses
nothing on collinear, equal or touching edges; of two arbitrary
quadrilaterals :func:`clipped_overlap` cuts one by the sides of the other.
"""
import numpy as np

# Pairs at once: the temporaries of a step stay within the processor's cache.
CHUNK = 1 << 12
# Rounding of a sum of a few terms, relative to the sum of their sizes.
ROUNDING = 1e-15


def polygon_area(corners: np.ndarray) -> np.ndarray:
    """Signed areas of polygons, positive when clockwise on the image.

    Args:
        corners (np.ndarray): (n, k, 2) corners, k >= 1.

    Returns:
        np.ndarray: (n,) areas.
    """
    local = corners - corners[:, :1]
    following = np.roll(local, -1, axis=1)
    return 0.5 * (local[..., 0] * following[..., 1] -
                  local[..., 1] * following[..., 0]).sum(1)


def rectangle_overlap(x: np.ndarray, y: np.ndarray, width: np.ndarray,
                      height: np.ndarray) -> np.ndarray:
    """Areas that polygons have in common with rectangles round the origin.

    The area under each side, cut to the rectangle from below and above and
    taken from left to right, summed over the sides.

    Args:
        x (np.ndarray): (k, n) of the corners, in the rectangle's frame,
            either orientation.
        y (np.ndarray): (k, n), the same.
        width (np.ndarray): (n,) sides of the rectangles along x.
        height (np.ndarray): (n,) along y.

    Returns:
        np.ndarray: (n,) areas.
    """
    y = y + height / 2
    cut_x = np.clip(x, -width / 2, width / 2)
    step_x, step_y = np.roll(x, -1, 0) - x, np.roll(y, -1, 0) - y
    inside = np.roll(cut_x, -1, 0) - cut_x
    # Upright sides have no area under them, whatever is divided here.
    safe = np.where(step_x == 0, 1., step_x)
    begin = np.clip((cut_x - x) / safe, 0., 1.)
    end = np.clip((np.roll(cut_x, -1, 0) - x) / safe, 0., 1.)
    first, last = y + begin * step_y, y + end * step_y
    low, high = np.minimum(first, last), np.maximum(first, last)
    rise = np.maximum(high - low, np.finfo(np.float64).tiny)
    # Shares of a side below the rectangle, and below its upper edge; a side
    # along the rectangle's overflows to all or nothing.
    with np.errstate(over='ignore'):
        below = np.clip(-low / rise, 0., 1.)
        under = np.clip((height - low) / rise, 0., 1.)
    mean = (under - below) * 0.5 * (np.clip(low, 0., height) + np.clip(
        high, 0., height)) + (1. - under) * height
    # Any level will do, for the steps sum to zero; one within the polygon
    # keeps the terms as small as it is.
    terms = inside * (mean - np.clip(y.mean(0), 0., height))
    total = np.abs(terms.sum(0))
    return np.where(total > ROUNDING * np.abs(terms).sum(0), total, 0.)


def clip_halfplane(polygons: np.ndarray, start: np.ndarray,
                   end: np.ndarray) -> np.ndarray:
    """One Sutherland-Hodgman step for many polygons at once.

    Args:
        polygons (np.ndarray): (n, k, 2) corners. Surplus places repeat a
            corner, which changes no area.
        start (np.ndarray): (n, 2) where the cutting edge begins.
        end (np.ndarray): (n, 2) where it ends; the side that lies on the
            right hand on the image (positive cross product) is kept.

    Returns:
        np.ndarray: (n, k', 2) what is left; all corners are equal where
        nothing is.
    """
    edge = (end - start)[:, None]
    offset = polygons - start[:, None]
    side = edge[..., 0] * offset[..., 1] - edge[..., 1] * offset[..., 0]
    next_side = np.roll(side, -1, axis=1)
    following = np.roll(polygons, -1, axis=1)
    crossing = (side < 0) != (next_side < 0)
    with np.errstate(divide='ignore', invalid='ignore'):
        share = np.where(crossing, side / (side - next_side), 0.)
    cut = polygons + share[..., None] * (following - polygons)

    n, k = side.shape
    places = np.stack([polygons, cut], axis=2).reshape(n, 2 * k, 2)
    valid = np.stack([side >= 0, crossing], axis=2).reshape(n, 2 * k)
    width = max(int(valid.sum(1).max(initial=0)), 1)
    order = np.argsort(~valid, axis=1, kind='stable')[:, :width]
    valid = np.take_along_axis(valid, order, axis=1)
    # Surplus places take the first corner that is left.
    order = np.where(valid, order, order[:, :1])
    return np.take_along_axis(places, order[..., None], axis=1)


def clipped_overlap(corners1: np.ndarray, corners2: np.ndarray) -> np.ndarray:
    """Areas common to the pairs of two lists of quadrilaterals.

    Args:
        corners1 (np.ndarray): (n, 4, 2) corners, either orientation.
        corners2 (np.ndarray): (n, 4, 2) corners of convex quadrilaterals,
            either orientation.

    Returns:
        np.ndarray: (n,) areas.
    """
    # Near the origin no digits are lost on large images.
    origin = corners2[:, :1]
    polygons, clip = corners1 - origin, corners2 - origin
    turned = polygon_area(clip) < 0
    clip = np.where(turned[:, None, None], clip[:, ::-1], clip)
    for k in range(4):
        polygons = clip_halfplane(polygons, clip[:, k], clip[:, (k + 1) % 4])
    return np.abs(polygon_area(polygons))
