"""Detections of one image, free of the framework that found them."""
from dataclasses import dataclass, field
from typing import Any, List, Optional, Sequence

import numpy as np
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import get_box_tensor

from mmextra.structures import box_corners


@dataclass
class Detections:
    """Boxes, scores and labels of one image.

    Attributes:
        image: File name or path of the image.
        width: Its width in pixels.
        height: Its height in pixels.
        boxes: (n, 4) ``x1, y1, x2, y2``, (n, 5) ``cx, cy, w, h, angle`` with
            the angle in radians, clockwise as the y axis points down, or
            (n, 8) corners; pixels.
        scores: (n, ) confidences.
        labels: (n, ) positions in ``classes``.
        classes: Names of the classes.
        masks: (n, height, width) bool, or None.
        image_id: Number or text by which the data set knows the image.
    """
    image: str
    width: int
    height: int
    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    classes: Sequence[str]
    masks: Optional[np.ndarray] = None
    image_id: Any = field(default=None)

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def from_sample(cls, sample: DetDataSample, classes: Sequence[str],
                    score_thr: float = 0.,
                    image: Optional[str] = None) -> 'Detections':
        """The result of an inference.

        Args:
            sample (DetDataSample): With ``pred_instances`` in pixels of the
                original image, and the meta ``ori_shape``.
            classes (Sequence[str]): Names of the classes.
            score_thr (float): Lowest score.
            image (str, optional): Name of the image; the sample's
                ``img_path`` without it.

        Returns:
            Detections: Those with at least ``score_thr``, in their order.
        """
        found = sample.pred_instances.detach().cpu()
        found = found[found.scores >= score_thr]
        height, width = sample.ori_shape[:2]
        return cls(
            image=str(image or sample.get('img_path') or ''),
            width=int(width),
            height=int(height),
            boxes=get_box_tensor(found.bboxes).double().numpy(),
            scores=found.scores.double().numpy(),
            labels=found.labels.numpy(),
            classes=tuple(classes),
            masks=np.asarray(found.masks, bool) if 'masks' in found else None,
            image_id=sample.get('img_id'))

    @property
    def rotated(self) -> bool:
        """Whether the boxes are not upright."""
        return self.boxes.shape[-1] != 4

    @property
    def corners(self) -> np.ndarray:
        """(n, 4, 2) corners of the boxes in pixels."""
        return box_corners(self.boxes)

    @property
    def upright(self) -> np.ndarray:
        """(n, 4) ``x1, y1, x2, y2`` of the boxes, or around them."""
        if not self.rotated:
            return self.boxes
        corners = self.corners
        return np.concatenate([corners.min(1), corners.max(1)], 1)

    @property
    def names(self) -> List[str]:
        """(n, ) names of the classes."""
        return [self.classes[label] for label in self.labels.tolist()]
