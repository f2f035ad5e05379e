"""What a detector found."""
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence

import numpy as np


@dataclass
class Detections:
    """Boxes of one image, best first.

    Attributes:
        boxes: (n, 4) ``x1, y1, x2, y2``, or (n, 5) ``cx, cy, w, h, angle``
            with the angle in radians, clockwise on the image (y down); in
            pixels of the image.
        scores: (n,) in [0, 1].
        labels: (n,) positions in ``classes``.
        classes: Names of the classes.
        masks: (n, h, w) bool of the image's size, if the model has them.
        info: Further facts, for example ``is_forecast`` of a stream.
    """
    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    classes: Sequence[str]
    masks: Optional[np.ndarray] = None
    info: Optional[Dict[str, Any]] = None

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def rotated(self) -> bool:
        """Whether the boxes have an angle."""
        return self.boxes.shape[1] == 5

    def pick(self, index: np.ndarray) -> 'Detections':
        """Some of them, by indices or by a mask."""
        return Detections(
            self.boxes[index], self.scores[index], self.labels[index],
            self.classes, None if self.masks is None else self.masks[index],
            self.info)

    def at_least(self, score: float) -> 'Detections':
        """Those whose score is not lower."""
        return self.pick(self.scores >= score)

    def lines(self) -> List[str]:
        """One line of text for each: class, score, box."""
        return [
            ' '.join([str(self.classes[label]), f'{score:.4f}'] +
                     [f'{value:.2f}' for value in box])
            for box, score, label in zip(self.boxes, self.scores,
                                         self.labels)
        ]
