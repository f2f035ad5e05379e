"""Windows of slices with lesion masks, with and without COVID-19.

Research only, not a medical device.
"""
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import cv2
import numpy as np

from ..ct.lesions import read_lesion_mask
from ..image_files import read_pixels
from ..text_files import read_lines
from .ct_lists import Slice, assign_folds, write_folds

Window = Tuple[int, int, int, int]


def window_boxes(height: int, width: int, steps: int = 3) -> List[Window]:
    """Windows of half the height and width, evenly spread over an image.

    Args:
        height (int): Of the image, pixels.
        width (int): Of the image, pixels.
        steps (int): Windows along each side.

    Returns:
        list[tuple]: ``(x1, y1, x2, y2)`` in pixels, half-open.
    """
    tall, wide = height // 2, width // 2
    tops, lefts = (np.linspace(0, whole - part, steps).round().astype(int)
                   for whole, part in ((height, tall), (width, wide)))
    return [(int(x), int(y), int(x) + wide, int(y) + tall)
            for y in tops for x in lefts]


def dark_pixels(image: np.ndarray) -> np.ndarray:
    """What is not brighter than Otsu's threshold: in a slice of the chest air.

    Args:
        image (np.ndarray): (h, w) or (h, w, 3) uint8.

    Returns:
        np.ndarray: (h, w) bool.
    """
    grey = image if image.ndim == 2 else image.max(-1)
    threshold, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
    return grey <= threshold


def classified_windows(image: np.ndarray,
                       mask: np.ndarray,
                       min_lesion: float = 0.1,
                       min_lung: float = 0.3,
                       steps: int = 3) -> List[Tuple[Window, int]]:
    """Windows that show lesions, or lung without any.

    Args:
        image (np.ndarray): (h, w) or (h, w, 3) uint8.
        mask (np.ndarray): (h, w), not 0 in lesions.
        min_lesion (float): Share of lesions above which a window has
            class 1.
        min_lung (float): Share of dark pixels above which one without any
            lesion has class 0. All others are left out.
        steps (int): See :func:`window_boxes`.

    Returns:
        list[tuple]: Window and class.
    """
    dark = dark_pixels(image)
    found = []
    for box in window_boxes(*mask.shape, steps):
        x1, y1, x2, y2 = box
        lesion = np.count_nonzero(mask[y1:y2, x1:x2]) / max(
            (x2 - x1) * (y2 - y1), 1)
        if lesion > min_lesion:
            found.append((box, 1))
        elif lesion == 0 and dark[y1:y2, x1:x2].mean() > min_lung:
            found.append((box, 0))
    return found


def slice_windows(names: Sequence[str], imgs: Path, masks: Path,
                  codes: Sequence[int] = (2, 3), **options) -> List[Slice]:
    """The windows of many slices; those of one slice are one group.

    Args:
        names (Sequence[str]): Names of images.
        imgs (Path): Their folder.
        masks (Path): The folder of masks: PNGs of the same stems.
        codes (Sequence[int]): Of lesions in the masks.
        **options: See :func:`classified_windows`.

    Returns:
        list[Slice]: One entry a window.

    Raises:
        ValueError: If a mask has another size than its image.
    """
    found = []
    for name in names:
        image = read_pixels(str(imgs / name))
        path = masks / f'{Path(name).stem}.png'
        mask = np.isin(read_lesion_mask(str(path), {1, *codes}), codes)
        if mask.shape != image.shape[:2]:
            raise ValueError(
                f'{path} has {mask.shape[1]} x {mask.shape[0]} pixels, its '
                f'image {image.shape[1]} x {image.shape[0]}')
        found += [Slice(name, str(label), name, box) for box, label in
                  classified_windows(image, mask, **options)]
    return found


def listed_names(path: Path, imgs: Path) -> List[str]:
    """Names of images for the entries of lists, which may lack the suffix.

    Raises:
        FileNotFoundError: If one has no image.
    """
    files = {file.stem: file.name for file in sorted(imgs.iterdir())}
    names = []
    for line in filter(str.strip, read_lines(str(path))):
        stem = Path(line.split()[0]).stem
        if stem not in files:
            raise FileNotFoundError(f'{path}: {imgs} has no image {stem}')
        names.append(files[stem])
    return names


def write_window_folds(windows: List[Slice], names: Sequence[str],
                       count: int, out: Path) -> List[Dict[str, int]]:
    """Folds of slices, and in ``windows`` the same folds of their windows.

    So a classifier can start from a detector that has not seen what it is
    tested on.

    Args:
        windows (list[Slice]): See :func:`slice_windows`.
        names (Sequence[str]): All slices, also those without windows.
        count (int): Number of folds.
        out (Path): The folder.

    Returns:
        list[dict[str, int]]: Of each fold the tested windows of every class.

    Raises:
        ValueError: If there are fewer slices than folds.
    """
    slices = [Slice(name, '', name) for name in names]
    with_windows = {window.group for window in windows}
    folds = assign_folds(
        windows + [each for each in slices if each.group not in with_windows],
        count)
    write_folds(slices, folds, out)
    return write_folds(windows, folds, out / 'windows')
