"""Lesion instances from a slice's mask of tissue codes."""
from typing import Collection, Dict, List, Literal, Mapping, Tuple

import cv2
import numpy as np
from PIL import Image
from pycocotools import mask as mask_utils

from mmextra.utils.checks import check_choice

from ..bad_input import AnnotationError

# Codes of the CNCB masks; everything else of a slice is 0.
MASK_VALUES = dict(lung=1, ggo=2, consolidation=3)
# Classes, and which tissues belong to each (Section 2; "both" and "ggo" are
# of the earlier paper that it compares with).
ClassMode = Literal['merge', 'both', 'ggo']
Connectivity = Literal[4, 8]
CLASS_MODES: Dict[str, Dict[str, Tuple[str, ...]]] = dict(
    merge={'lesion': ('ggo', 'consolidation')},
    both={'ggo': ('ggo', ), 'consolidation': ('consolidation', )},
    ggo={'ggo': ('ggo', )})


def value_mapping(class_mode: ClassMode,
                  mask_values: Mapping[str, int]) -> Dict[int, int]:
    """Which code of a mask is which label.

    Args:
        class_mode (str): Key of ``CLASS_MODES``.
        mask_values (dict[str, int]): Code of each tissue.

    Returns:
        dict[int, int]: Code to label; codes without label are background.

    Raises:
        ValueError: If the mode is unknown or a tissue has no code.
    """
    check_choice('class_mode', class_mode, CLASS_MODES)
    absent = set(MASK_VALUES) - set(mask_values)
    if absent or len(set(mask_values.values()) - {0}) < len(mask_values):
        raise ValueError(
            'mask_values must give different codes above 0 to '
            f'{", ".join(MASK_VALUES)}; got {dict(mask_values)}')
    return {
        mask_values[tissue]: label
        for label, tissues in enumerate(CLASS_MODES[class_mode].values())
        for tissue in tissues
    }


def lesion_instances(mask: np.ndarray,
                     mapping: Mapping[int, int],
                     min_area: int = 100,
                     connectivity: Connectivity = 8) -> List[dict]:
    """Connected lesions of a mask.

    In this order: the codes of a class become one (60 pixels of ground glass
    that touch 60 of consolidation are one lesion of 120 where the two are
    merged), connected components, then those of less than ``min_area``
    pixels become background (Section 3, item 3).

    Args:
        mask (np.ndarray): (h, w) integer codes.
        mapping (dict[int, int]): Code to label.
        min_area (int): The paper deletes patches "of less than 100 pixels";
            the released code also those of exactly 100, which 101 gives.
        connectivity (int): 8, or 4 without contacts at corners.

    Returns:
        list[dict]: ``bbox`` ``[x1, y1, x2, y2]``, the half-open extent in
        pixels; ``bbox_label``; ``mask``, compressed RLE with ``counts`` of
        type str; ``ignore_flag``, 0. By label, then in order of first rows.

    Raises:
        ValueError: If ``connectivity`` is neither or the mask not (h, w).
    """
    check_choice('connectivity', connectivity, Connectivity)
    if mask.ndim != 2:
        raise ValueError(f'a mask must be (h, w), got {mask.shape}')
    instances = []
    for label in sorted(set(mapping.values())):
        codes = [code for code, each in mapping.items() if each == label]
        tissue = np.isin(mask, codes).astype(np.uint8)
        count, parts, stats, _ = cv2.connectedComponentsWithStats(
            tissue, connectivity=connectivity, ltype=cv2.CV_32S)
        for part in range(1, count):
            x, y, width, height, area = stats[part].tolist()
            if area < min_area:
                continue
            window = parts[y:y + height, x:x + width] == part
            instances.append(dict(
                bbox=[x, y, x + width, y + height],
                bbox_label=label,
                mask=_window_rle(window, x, y, mask.shape),
                ignore_flag=0))
    return instances


def _window_rle(window: np.ndarray, x: int, y: int, shape: tuple) -> dict:
    """RLE of a full mask that is set within a window alone.

    The encoder of pycocotools reads every pixel of the image for every
    lesion; here only those of the window are.
    """
    height, width = shape
    # Numbers of the set pixels, column by column as RLE counts them.
    columns, rows = np.nonzero(window.T)
    pixels = (columns + x) * height + rows + y
    ends = np.flatnonzero(np.diff(pixels) > 1)
    starts = np.concatenate([pixels[:1], pixels[ends + 1]])
    stops = np.concatenate([pixels[ends], pixels[-1:]]) + 1
    borders = np.stack([starts, stops], axis=1).ravel()
    counts = np.diff(np.concatenate([[0], borders, [height * width]]))
    # pycocotools has no last run of zero pixels.
    counts = counts[:len(counts) - (counts[-1] == 0)]
    rle = mask_utils.frPyObjects(
        dict(size=[height, width], counts=counts.tolist()), height, width)
    return dict(size=[height, width], counts=rle['counts'].decode('ascii'))


def read_lesion_mask(path: str, known: Collection[int]) -> np.ndarray:
    """Read a mask of tissue codes.

    Grey images and palette images are read alike: the codes of the latter
    are the indices, whatever colours they stand for.

    Args:
        path (str): An image of one channel.
        known (Collection[int]): The codes that may occur beside 0.

    Returns:
        np.ndarray: (h, w) integers.

    Raises:
        AnnotationError: If the file cannot be read, has colours, or holds
            other codes.
    """
    remedy = ('A mask is a PNG of one channel with the codes '
              f'{sorted({0, *known})}; give other codes in mask_values')
    try:
        # Not OpenCV, which turns palettes into colours or grey levels.
        with Image.open(path) as image:
            # The checksums: changed codes can look as good as any.
            image.verify()
        with Image.open(path) as image:
            mode, mask = image.mode, np.asarray(image)
    # Pillow tells broken files by errors of any kind.
    except Exception as error:
        raise AnnotationError(
            path, f'cannot be read as a mask ({error})', remedy) from error
    if mask.ndim != 2:
        raise AnnotationError(
            path, f'is an image of mode {mode}, not of one channel', remedy)
    unknown = set(np.unique(mask).tolist()) - {0, *known}
    if unknown:
        shown = ', '.join(map(str, sorted(unknown)[:8]))
        raise AnnotationError(path, f'has unknown values {shown}', remedy)
    return mask
