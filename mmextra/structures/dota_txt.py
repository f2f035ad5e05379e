"""Lines of text in DOTA's format."""
import math
from pathlib import Path
from typing import Iterable, List, NamedTuple, Optional, Union

import numpy as np

from mmextra_runtime.convex_overlap import polygon_area
from mmextra_runtime.rotated_iou import box_corners


class DOTALine(NamedTuple):
    """One object: corners in pixels, class name, difficulty."""

    quad: List[float]
    name: str
    difficulty: int


def parse_dota_line(line: str) -> Optional[DOTALine]:
    """Read one line of a DOTA text file.

    Args:
        line (str): The line.

    Returns:
        DOTALine or None: The object; None for a line that is empty or a
        header such as ``gsd:0.3``, that is, up to three words, not a number
        first, with a colon.

    Raises:
        ValueError: If the line is neither.
    """
    parts = line.split()
    if not parts:
        return None
    try:
        quad = [float(part) for part in parts[:8]]
    except ValueError:
        if len(parts) < 4 and ':' in line and not _is_number(parts[0]):
            return None
        raise ValueError('a coordinate is not a number') from None
    if len(parts) not in (9, 10):
        raise ValueError(f'{len(parts)} fields instead of 9 or 10')
    if not all(map(math.isfinite, quad)):
        raise ValueError('a coordinate is not finite')
    try:
        difficulty = int(parts[9]) if len(parts) == 10 else 0
    except ValueError:
        raise ValueError(
            f'the difficulty {parts[9]!r} is not a whole number') from None
    return DOTALine(quad, parts[8], difficulty)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class DOTAObjects(NamedTuple):
    """Objects of one image: quads (n, 8) float64 in pixels, class names,
    difficulties (n,) int64, and the lines of the file they stand in."""

    quads: np.ndarray
    names: List[str]
    difficulties: np.ndarray
    lines: List[int]

    @classmethod
    def empty(cls) -> 'DOTAObjects':
        """No objects."""
        return cls(np.zeros((0, 8)), [], np.zeros(0, dtype=np.int64), [])


def parse_dota_lines(texts: Iterable[str],
                     where: Union[str, Path]) -> DOTAObjects:
    """Read the lines of an annotation in DOTA's text format.

    A line is ``x1 y1 x2 y2 x3 y3 x4 y4 class [difficulty]``; a missing
    difficulty is 0. Empty lines and headers such as ``gsd:0.3`` are passed
    over.

    Args:
        texts (Iterable[str]): The lines.
        where (str | Path): Name of the file, for errors.

    Returns:
        DOTAObjects: The objects in the order of the lines.

    Raises:
        ValueError: If a line has another form or its box no area; it names
            file and line.
    """
    items, lines = [], []
    for number, line in enumerate(texts, 1):
        try:
            item = parse_dota_line(line)
        except ValueError as error:
            raise ValueError(
                f'{where}, line {number}: {error}, in {line.strip()!r}; '
                'expected "x1 y1 x2 y2 x3 y3 x4 y4 class difficulty"'
            ) from None
        if item is not None:
            items.append(item)
            lines.append(number)
    if not items:
        return DOTAObjects.empty()
    quads = np.array([item.quad for item in items], dtype=np.float64)
    flat = polygon_area(box_corners(quads)) == 0
    if flat.any():
        first = int(np.argmax(flat))
        raise ValueError(
            f'{where}, line {lines[first]}: the box {quads[first].tolist()} '
            'has no area; correct or remove the line')
    return DOTAObjects(
        quads, [item.name for item in items],
        np.array([item.difficulty for item in items], dtype=np.int64), lines)
