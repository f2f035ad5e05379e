"""Drawing detections with OpenCV alone."""
import colorsys

import cv2
import numpy as np

from .results import Detections
from .rotated_iou import box_corners


def class_colour(label: int) -> tuple:
    """A BGR colour for a class; neighbours differ clearly."""
    red, green, blue = colorsys.hsv_to_rgb(label * 0.618034 % 1, 0.85, 1)
    return int(255 * blue), int(255 * green), int(255 * red)


def draw(image: np.ndarray, found: Detections,
         score_thr: float = 0.3) -> np.ndarray:
    """Draw boxes, masks, classes and scores.

    Args:
        image (np.ndarray): (h, w, 3) uint8 BGR; stays as it is.
        found (Detections): What to draw.
        score_thr (float): Lowest score that is drawn.

    Returns:
        np.ndarray: (h, w, 3) uint8 BGR.
    """
    image = image.copy()
    found = found.at_least(score_thr)
    thick = max(1, round(max(image.shape[:2]) / 640))
    corners = np.rint(box_corners(found.boxes)).astype(np.int32)
    # The best on top.
    for i in reversed(range(len(found))):
        colour = class_colour(int(found.labels[i]))
        if found.masks is not None:
            inside = found.masks[i]
            image[inside] = (image[inside] * 0.5 +
                             np.array(colour) * 0.5).astype(np.uint8)
        cv2.polylines(image, [corners[i]], True, colour, thick, cv2.LINE_AA)
        text = f'{found.classes[found.labels[i]]} {found.scores[i]:.2f}'
        place = corners[i][corners[i][:, 1].argmin()]
        cv2.putText(image, text, (int(place[0]), max(int(place[1]) - 3, 10)),
                    cv2.FONT_HERSHEY_SIMPLEX, 0.4 * thick, colour, thick,
                    cv2.LINE_AA)
    return image
