"""Boxes between two frames that were read: moved at constant velocity."""
from typing import Optional, Tuple

import numpy as np


def match_boxes(boxes: np.ndarray, labels: np.ndarray, before: np.ndarray,
                labels_before: np.ndarray,
                reach: float = 1.5) -> np.ndarray:
    """Which box of an earlier frame is the same object.

    Box by box in the order given, the nearest free one of the same label
    whose centre is no further than ``reach`` times the mean of both sizes
    (square roots of areas), and whose size differs by a factor below 2.

    Args:
        boxes (np.ndarray): (N, 4) ``x1, y1, x2, y2``, by falling score.
        labels (np.ndarray): (N,).
        before (np.ndarray): (M, 4) those of the earlier frame.
        labels_before (np.ndarray): (M,).
        reach (float): See above.

    Returns:
        np.ndarray: (N,) index of the earlier box, or -1.
    """
    found = np.full(len(boxes), -1)
    if not len(boxes) or not len(before):
        return found
    (centre, size), (centre_before, size_before) = map(
        _centre_and_size, (boxes, before))
    far = np.linalg.norm(centre[:, None] - centre_before, axis=-1)
    sizes = size[:, None], size_before[None]
    large, small = np.maximum(*sizes), np.minimum(*sizes)
    distance = far / np.maximum((large + small) / 2, 1e-6)
    distance[(distance > reach) | (large >= 2 * small) |
             (labels[:, None] != labels_before)] = np.inf
    for k in range(len(boxes)):
        nearest = int(distance[k].argmin())
        if np.isfinite(distance[k, nearest]):
            found[k] = nearest
            distance[:, nearest] = np.inf
    return found


def _centre_and_size(boxes: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return (boxes[:, :2] + boxes[:, 2:]) / 2, np.sqrt(sides.prod(1))


class BoxMotion:
    """Velocities of the boxes of the last read, from the read before.

    Example::

        motion.read(boxes, labels, gap)     # at every frame that is read
        motion.moved(steps, (height, width))
    """

    def __init__(self) -> None:
        self.boxes: Optional[np.ndarray] = None
        self.labels = np.zeros(0, np.int64)
        self.velocity = np.zeros((0, 4))

    def read(self, boxes: np.ndarray, labels: np.ndarray,
             gap: int) -> None:
        """Take in the boxes of a frame that was read.

        Args:
            boxes (np.ndarray): (N, 4) pixels, by falling score.
            labels (np.ndarray): (N,).
            gap (int): Frames since the read before.
        """
        boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
        labels = np.asarray(labels).reshape(-1)
        velocity = np.zeros_like(boxes)
        if self.boxes is not None:
            same = match_boxes(boxes, labels, self.boxes, self.labels)
            there = same >= 0
            velocity[there] = (boxes[there] - self.boxes[same[there]]) / gap
        self.boxes, self.labels, self.velocity = boxes, labels, velocity

    def moved(self, steps: int, shape: Tuple[int, ...]) -> np.ndarray:
        """Where the boxes should be.

        Args:
            steps (int): Frames since they were read.
            shape (tuple[int]): Height and width of the image.

        Returns:
            np.ndarray: (N, 4) pixels, within the image; a box that would
            turn inside out keeps its last size.

        Raises:
            ValueError: If nothing was read yet.
        """
        if self.boxes is None:
            raise ValueError('no frame was read yet')
        boxes = self.boxes + steps * self.velocity
        turned = boxes[:, 2:] <= boxes[:, :2]
        if turned.any():
            centre = (boxes[:, :2] + boxes[:, 2:]) / 2
            half = (self.boxes[:, 2:] - self.boxes[:, :2]) / 2
            boxes[:, :2] = np.where(turned, centre - half, boxes[:, :2])
            boxes[:, 2:] = np.where(turned, centre + half, boxes[:, 2:])
        height, width = shape[:2]
        return np.clip(boxes, 0, [width, height, width, height])


def map_change(now: np.ndarray, before: np.ndarray) -> float:
    """How much a map of a video has changed from one read to another.

    Args:
        now (np.ndarray): (1, C, h, w).
        before (np.ndarray): (1, C, h, w).

    Returns:
        float: Largest mean over the channels, of all positions, of the
        absolute difference, relative to the mean absolute value of ``now``.
    """
    peak = np.abs(now - before).mean(1).max()
    return float(peak / max(float(np.abs(now).mean()), 1e-6))
