"""Boxes and masks drawn so that a person sees the objects under them."""
import itertools
from collections import defaultdict
from typing import (
    Dict,
    Iterator,
    List,
    Literal,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Labels = Literal['auto', 'on', 'off']
Color = Tuple[int, int, int]
# Long side about which small images are enlarged to, and the most.
LONG_SIDE, MAX_FACTOR = 1000, 4
# A label may hide so much of another box.
HIDDEN = 0.1
# Side of the cells by which boxes are looked up, about a label's.
CELL = 64
# Positions below a pixel, as OpenCV takes them: 1 / 16.
SHIFT = 4


class Style(NamedTuple):
    """Sizes in pixels of the picture.

    Attributes:
        line_width: Of the outline of a large box.
        font_size: Height of a label's letters.
    """
    line_width: int
    font_size: int


def enlargement(height: int, width: int) -> int:
    """How often a small image is enlarged before it is drawn on.

    Args:
        height (int): In pixels.
        width (int): In pixels.

    Returns:
        int: A whole factor, 1 for what is large enough.
    """
    return int(np.clip(
        round(LONG_SIDE / max(height, width, 1)), 1, MAX_FACTOR))


def enlarge(image: np.ndarray, factor: int) -> np.ndarray:
    """An image of ``factor`` times the size.

    Args:
        image (np.ndarray): (h, w, 3) uint8.
        factor (int): See :func:`enlargement`.

    Returns:
        np.ndarray: (h factor, w factor, 3) uint8.
    """
    if factor == 1:
        return image
    return cv2.resize(image, None, fx=factor, fy=factor,
                      interpolation=cv2.INTER_CUBIC)


def picture_style(height: int, width: int) -> Style:
    """Lines and letters that suit a picture.

    Args:
        height (int): Of the picture.
        width (int): Of the picture.

    Returns:
        Style: The sizes.
    """
    side = (height * width)**.5
    return Style(int(np.clip(round(side / 400), 1, 6)),
                 int(np.clip(round(side / 50), 11, 36)))


def place_labels(corners: np.ndarray, sizes: np.ndarray, height: int,
                 width: int, keep_all: bool = False
                 ) -> List[Optional[Tuple[int, int]]]:
    """Where labels go without hiding other objects or each other.

    Above the box, below it, or within it at the top, in this order; the
    boxes are taken in theirs, so give the best first.

    Args:
        corners (np.ndarray): (n, 4, 2) corners of the boxes, pixels.
        sizes (np.ndarray): (n, 2) widths and heights of the labels.
        height (int): Of the picture.
        width (int): Of the picture.
        keep_all (bool): Place a label above its box if there is no room.

    Returns:
        list[tuple[int, int] or None]: Upper left corner of each label; None
        for one without room.
    """
    low, high = corners.min(1), corners.max(1)
    areas = (high - low).prod(-1).clip(1)
    extents = np.concatenate([low, high], 1)
    objects, taken = _Cells(height, width), _Cells(height, width)
    for extent in extents:
        objects.add(extent)
    places: List[Optional[Tuple[int, int]]] = []
    for k, (w, h) in enumerate(sizes.tolist()):
        found = None
        options = [(low[k, 0], low[k, 1] - h), (low[k, 0], high[k, 1]),
                   (low[k, 0], low[k, 1])]
        for x, y in options:
            x = min(max(x, 0), width - w)
            if y < 0 or y + h > height or x < 0:
                continue
            box = np.array([x, y, x + w, y + h])
            others = [each for each in objects.near(box) if each != k]
            hides = _common(box, extents[others]) / areas[others]
            if (hides > HIDDEN).any() or (_common(box, np.array(
                    [taken.boxes[each] for each in taken.near(box)]
                    ).reshape(-1, 4)) > 0).any():
                continue
            found = box
            break
        if found is None and keep_all:
            x = min(max(low[k, 0], 0), max(width - w, 0))
            y = min(max(low[k, 1] - h, 0), max(height - h, 0))
            found = np.array([x, y, x + w, y + h])
        if found is None:
            places.append(None)
            continue
        taken.add(found)
        places.append((int(found[0]), int(found[1])))
    return places


class _Cells:
    """Upright boxes by the cells of a picture that they lie in.

    Of many thousand boxes a label meets a handful.
    """

    def __init__(self, height: int, width: int) -> None:
        self.limit = np.array([width, height, width, height])
        self.boxes: List[np.ndarray] = []
        self.cells: Dict[Tuple[int, int], List[int]] = defaultdict(list)

    def _covered(self, box: np.ndarray) -> Iterator[Tuple[int, int]]:
        x1, y1, x2, y2 = (np.nan_to_num(box).clip(0, self.limit)
                          // CELL).astype(int).tolist()
        return itertools.product(range(x1, x2 + 1), range(y1, y2 + 1))

    def add(self, box: np.ndarray) -> None:
        """Take in the next box."""
        for cell in self._covered(box):
            self.cells[cell].append(len(self.boxes))
        self.boxes.append(box)

    def near(self, box: np.ndarray) -> List[int]:
        """Numbers of all boxes that may have an area in common with one."""
        return sorted({number for cell in self._covered(box)
                       for number in self.cells.get(cell, ())})


def _common(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(n, ) areas that (n, 4) upright boxes share with one."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    return (high - low).clip(0).prod(-1)


def _ink(color: Color) -> Color:
    """Black or white, whichever can be read on a colour."""
    red, green, blue = color
    bright = 0.299 * red + 0.587 * green + 0.114 * blue > 140
    return (0, 0, 0) if bright else (255, 255, 255)


def draw_boxes(image: np.ndarray,
               corners: np.ndarray,
               texts: Sequence[str],
               colors: Sequence[Color],
               masks: Optional[np.ndarray] = None,
               labels: Labels = 'auto') -> np.ndarray:
    """Outlines, masks and labels on a picture.

    Lines grow with the picture and become thin on small boxes. Labels stand
    beside the objects; by ``'auto'`` those that would hide others are left
    out, so that where all lie close only the colour tells the class.

    Args:
        image (np.ndarray): (h, w, 3) uint8 RGB.
        corners (np.ndarray): (n, 4, 2) corners of the boxes, pixels; the
            best first.
        texts (Sequence[str]): A label for each.
        colors (Sequence[tuple]): RGB of each.
        masks (np.ndarray, optional): (n, h, w) bool.
        labels (str): ``'auto'``, ``'on'`` for all, ``'off'`` for none.

    Returns:
        np.ndarray: (h, w, 3) uint8 RGB, a new one.
    """
    height, width = image.shape[:2]
    style = picture_style(height, width)
    canvas = np.ascontiguousarray(image).copy()
    if masks is not None:
        for mask, color in zip(masks, colors):
            canvas[mask] = (.55 * canvas[mask] + .45 * np.array(color)
                            ).astype(np.uint8)
    corners = np.asarray(corners, np.float64).reshape(-1, 4, 2)
    # The best last, on top.
    for quad, color in zip(corners[::-1], list(colors)[::-1]):
        sides = np.linalg.norm(quad - np.roll(quad, 1, 0), axis=1)
        thick = int(np.clip(sides.min() / 6, 1, style.line_width))
        points = np.round(quad * (1 << SHIFT)).astype(np.int64)
        if not (np.abs(points) < 1 << 30).all():
            continue
        cv2.polylines(canvas, [points.astype(np.int32)], True,
                      tuple(int(c) for c in color), thick, cv2.LINE_AA,
                      SHIFT)
    if labels == 'off' or not len(corners):
        return canvas
    font = ImageFont.load_default(style.font_size)
    pad = max(style.font_size // 6, 2)
    drawn = Image.fromarray(canvas)
    pen = ImageDraw.Draw(drawn)
    sizes = np.array([
        (int(np.ceil(pen.textlength(text, font))) + 2 * pad,
         style.font_size + 2 * pad) for text in texts])
    places = place_labels(corners, sizes, height, width, labels == 'on')
    for place, (w, h), text, color in zip(places, sizes, texts, colors):
        if place is None:
            continue
        x, y = place
        red, green, blue = (int(c) for c in color)
        color = red, green, blue
        pen.rectangle([x, y, x + int(w), y + int(h)], fill=color)
        pen.text((x + pad, y + pad), text, fill=_ink(color), font=font)
    return np.asarray(drawn)
