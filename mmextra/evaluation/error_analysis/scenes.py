"""Images with their ground truth and their detections."""
from dataclasses import dataclass, field
from typing import Optional

import numpy as np
from pycocotools import mask as mask_utils

from mmextra.evaluation.formats import Detections
from mmextra.structures import box_iou, rotated_iou


def empty_flags() -> np.ndarray:
    """(0, ) bool."""
    return np.zeros(0, bool)


@dataclass
class Scene:
    """One image.

    Attributes:
        found: The detections.
        boxes: (m, 4), (m, 5) or (m, 8) ground truth, see
            :class:`~mmextra.evaluation.formats.Detections`.
        labels: (m, ) positions in ``found.classes``.
        ignored: (m, ) bool, those that count neither as found nor as missed,
            such as crowds and difficult objects.
        masks: (m, height, width) bool, or None.
    """
    found: Detections
    boxes: np.ndarray
    labels: np.ndarray
    ignored: np.ndarray = field(default_factory=empty_flags)
    masks: Optional[np.ndarray] = None

    def __post_init__(self) -> None:
        self.labels = np.asarray(self.labels, np.int64).reshape(-1)
        if len(self.ignored) != len(self.labels):
            self.ignored = np.zeros(len(self.labels), bool)
        self.boxes = np.asarray(self.boxes, np.float64)
        if not len(self.labels):
            self.boxes = np.zeros((0, self.found.boxes.shape[-1]))

    def overlaps(self) -> np.ndarray:
        """(n, m) overlaps of detections and ground truth.

        IoU of masks where both have some, else of boxes, exact for rotated
        ones; with an ignored object the share of the detection that lies
        within it.
        """
        n, m = len(self.found), len(self.labels)
        if not n or not m:
            return np.zeros((n, m))
        if self.masks is not None and self.found.masks is not None:
            first, second = (
                mask_utils.encode(np.asfortranarray(
                    masks.transpose(1, 2, 0), np.uint8))
                for masks in (self.found.masks, self.masks))
            return np.asarray(mask_utils.iou(
                first, second, self.ignored.astype(np.uint8).tolist()))
        found = self.found.boxes
        if found.shape[1] == self.boxes.shape[1] == 4:
            iou = box_iou(found[:, None], self.boxes[None], plus_one=False)
            share = _share(found, self.boxes)
        else:
            iou = rotated_iou(found, self.boxes)
            share = rotated_iou(found, self.boxes, mode='iof') \
                if self.ignored.any() else iou
        return np.where(self.ignored, share, iou)


def _share(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(n, m) parts of upright boxes that lie within others."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(-1)[:, None]
    common = (high - low).clip(0).prod(-1)
    return np.divide(common, areas, out=np.zeros_like(common),
                     where=areas > 0)
