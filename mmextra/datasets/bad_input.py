"""Bad files in a data set: stop at the first, or skip, count and say so."""
import os
import os.path as osp
import warnings
from typing import Dict, List, Literal, Sequence

import numpy as np

from mmextra.structures import box_corners, polygon_area, rotated_iou
from mmextra.utils.checks import check_choice

OnError = Literal['raise', 'skip']

# Entries of a folder in which a missing one is sought.
LOOKED_AT = 50


class AnnotationError(ValueError):
    """An annotation that cannot be used: where, why, and what to do.

    Args:
        where (str): File, and line or object and key.
        problem (str): What is wrong, with the value.
        remedy (str): What to do about it.
    """

    def __init__(self, where: str, problem: str, remedy: str) -> None:
        super().__init__(f'{where}: {problem}. {remedy}')
        self.parts = (where, problem, remedy)

    def __reduce__(self) -> tuple:
        # Errors are pickled on their way out of worker processes; by
        # default that calls the class with the one text.
        return type(self), self.parts


class BadInput:
    """What to do about bad input.

    Args:
        on_error (str): ``'raise'`` stops at the first; ``'skip'`` leaves the
            object or the image out, and :meth:`summarise` counts them.

    Raises:
        ValueError: If ``on_error`` is neither.
    """

    def __init__(self, on_error: OnError) -> None:
        self.on_error = check_choice('on_error', on_error, OnError)
        self.skipped: List[str] = []
        self.left_out: List[str] = []

    def leave_out(self, what: str) -> None:
        """Remember what the data set is known to have and cannot be used,
        a box without area for one; it is told but no error."""
        self.left_out.append(what)

    def report(self, error: Exception) -> None:
        """Raise the error, or remember it."""
        if self.on_error == 'raise':
            raise error
        self.skipped.append(str(error))

    def summarise(self, what: str) -> None:
        """Warn once about all that was skipped or left out in ``what``, and
        forget it."""
        if self.skipped:
            warnings.warn(
                f'{what}: skipped {len(self.skipped)} bad images or objects '
                f'(on_error="skip"); the first: {self.skipped[0]}',
                stacklevel=2)
        if self.left_out:
            warnings.warn(
                f'{what}: left out {len(self.left_out)} boxes; the first: '
                f'{self.left_out[0]}', stacklevel=2)
        self.skipped, self.left_out = [], []


def check_radians(angle: float, where: str, remedy: str) -> None:
    """Refuse an angle that is more than a whole turn.

    Args:
        angle (float): In radians, as it should be.
        where (str): File, object and key.
        remedy (str): What to do about it.

    Raises:
        AnnotationError: If it is more; degrees mostly are.
    """
    if abs(angle) > 2 * np.pi:
        raise AnnotationError(
            where, f'the angle {angle:g} is more than a turn of 6.28 radians; '
            'is it in degrees?', remedy)


def _is_good(quad: Sequence[float], width: int, height: int) -> bool:
    """Whether a box is good beyond doubt; most are, and need no arrays."""
    x1, y1, x2, y2, x3, y3, x4, y4 = quad
    area = ((x3 - x1) * (y4 - y2) - (x4 - x2) * (y3 - y1)) / 2
    # False for what is no number.
    return (abs(area) > .5 and max(map(abs, quad)) < 1e6
            and 0 <= x1 + x2 + x3 + x4 <= 4 * width
            and 0 <= y1 + y2 + y3 + y4 <= 4 * height)


def box_problem(quad: np.ndarray, width: int, height: int) -> str:
    """What is wrong with a box.

    Args:
        quad (np.ndarray): (8,) corners ``x1, y1, ..., x4, y4``, pixels.
        width (int): Width of the image in pixels.
        height (int): Height of the image in pixels.

    Returns:
        str: The problem; empty for a good box. A box partly outside of the
        image is good.
    """
    quad = np.asarray(quad, np.float64)
    if _is_good(quad.tolist(), width, height):
        return ''
    quad = quad[None]
    # In single precision, as boxes are kept.
    if not np.isfinite(quad.astype(np.float32)).all():
        return f'the box {quad[0].tolist()} is not finite'
    if not abs(polygon_area(box_corners(quad))[0]) > 0:
        return f'the box {quad[0].tolist()} has no area'
    x, y = box_corners(quad)[0].mean(0)
    if 0 <= x <= width and 0 <= y <= height:
        return ''
    window = np.array([[0., 0., width, height]])
    if not rotated_iou(quad, window, mode='iof')[0, 0] > 0:
        return (f'the box {quad[0].tolist()} lies outside of the image of '
                f'{width} x {height} pixels')
    return ''


def require_layout(paths: Dict[str, str], help_text: str) -> None:
    """Check that the folders and files of a data set are there.

    Args:
        paths (dict[str, str]): What each is, and its path.
        help_text (str): The expected layout, and how to make it.

    Raises:
        FileNotFoundError: Names the first that is missing.
    """
    for what, path in paths.items():
        if not osp.exists(path):
            raise FileNotFoundError(
                f'{what} not found: {osp.abspath(path)}{_elsewhere(path)}\n'
                f'{help_text}')


def _elsewhere(path: str, depth: int = 3) -> str:
    """Where else there is something of that name, for a message: sets are
    unpacked one folder too deep or too high."""
    name = osp.basename(osp.normpath(path)).lower()
    place = osp.dirname(osp.abspath(path))
    while not osp.isdir(place):
        place = osp.dirname(place)
    folders = [place]
    for _ in range(depth + 1):
        below = []
        for folder in folders:
            try:
                entries = sorted(os.listdir(folder))[:LOOKED_AT]
            except OSError:
                continue
            for entry in entries:
                if entry.lower() == name:
                    return (f' (but there is {osp.join(folder, entry)}; name '
                            'it in data_root or data_prefix)')
            below += [osp.join(folder, entry) for entry in entries
                      if osp.isdir(osp.join(folder, entry))]
        folders = below[:LOOKED_AT]
    return ''
