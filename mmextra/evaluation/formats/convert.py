"""Detections as objects of tools in which people look at boxes."""
from typing import Any

import numpy as np

from .detections import Detections


def to_supervision(found: Detections) -> Any:
    """Detections for the ``supervision`` package.

    Args:
        found (Detections): Of one image. Rotated boxes go along as oriented
            ones, which ``OrientedBoxAnnotator`` draws, with the boxes around
            them as ``xyxy``.

    Returns:
        supervision.Detections: With class names under ``class_name``.

    Raises:
        ImportError: If supervision is absent.
    """
    try:
        import supervision
        from supervision.config import (
            CLASS_NAME_DATA_FIELD,
            ORIENTED_BOX_COORDINATES,
        )
    except ImportError as error:
        raise ImportError('supervision is not installed; install it by "pip '
                          'install supervision"') from error
    data = {CLASS_NAME_DATA_FIELD: np.array(found.names, dtype=object)
            if not len(found) else np.array(found.names)}
    if found.rotated:
        data[ORIENTED_BOX_COORDINATES] = found.corners.astype(np.float32)
    return supervision.Detections(
        xyxy=found.upright.reshape(-1, 4).astype(np.float32),
        mask=found.masks, confidence=found.scores.astype(np.float32),
        class_id=found.labels.astype(int), data=data)


def to_fiftyone(found: Detections) -> Any:
    """Labels for the ``fiftyone`` package.

    Args:
        found (Detections): Of one image.

    Returns:
        fiftyone.Detections: For upright boxes, with masks cut to them. For
        rotated boxes fiftyone.Polylines, closed and filled, for its
        detections know no angle.

    Raises:
        ImportError: If fiftyone is absent.
    """
    try:
        import fiftyone
    except ImportError as error:
        raise ImportError('fiftyone is not installed; install it by "pip '
                          'install fiftyone"') from error
    size = np.array([found.width, found.height])
    if found.rotated:
        return fiftyone.Polylines(polylines=[
            fiftyone.Polyline(
                label=name, points=[(quad / size).tolist()], closed=True,
                filled=True, confidence=float(score))
            for name, quad, score in zip(
                found.names, found.corners, found.scores)])
    labels = []
    for k, (name, score) in enumerate(zip(found.names, found.scores)):
        left, top, right, bottom = found.boxes[k].tolist()
        mask = None
        if found.masks is not None:
            rows = slice(max(int(top), 0), max(int(np.ceil(bottom)), 0))
            columns = slice(max(int(left), 0), max(int(np.ceil(right)), 0))
            mask = found.masks[k][rows, columns]
        labels.append(fiftyone.Detection(
            label=name, confidence=float(score), mask=mask,
            bounding_box=[left / found.width, top / found.height,
                          (right - left) / found.width,
                          (bottom - top) / found.height]))
    return fiftyone.Detections(detections=labels)
