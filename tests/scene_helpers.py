"""Images with boxes and detections, for tests of the error analysis."""
import numpy as np

from mmextra.evaluation.error_analysis.scenes import Scene
from mmextra.evaluation.formats import Detections

CLASSES = ('a', 'b', 'c')


def scene(found, truth, masks=None, size=200):
    """From lists of (box, label[, score or ignored])."""
    boxes, labels, scores = ([row[k] for row in found] for k in range(3))
    return Scene(
        Detections('x.png', size, size,
                   np.array(boxes, float).reshape(len(found), -1)
                   if found else np.zeros((0, 4)),
                   np.array(scores, float), np.array(labels, int), CLASSES,
                   masks=None if masks is None else masks[0]),
        np.array([row[0] for row in truth], float), [row[1] for row in truth],
        np.array([len(row) > 2 for row in truth], bool),
        None if masks is None else masks[1])


def random_scenes(rng, count=12):
    scenes = []
    for _ in range(count):
        truth = []
        for _ in range(rng.integers(1, 7)):
            low = rng.uniform(0, 140, 2)
            truth.append((np.append(low, low + rng.uniform(20, 60, 2)),
                          int(rng.integers(3))))
        found = []
        for box, label in truth:
            for _ in range(rng.integers(0, 4)):
                moved = box + rng.normal(0, rng.choice([1, 6, 15]), 4)
                moved[2:] = np.maximum(moved[2:], moved[:2] + 2)
                found.append((
                    moved,
                    label if rng.random() < .7 else int(rng.integers(3)),
                    float(rng.random())))
        for _ in range(rng.integers(0, 3)):
            low = rng.uniform(0, 140, 2)
            found.append((np.append(low, low + 30), int(rng.integers(3)),
                          float(rng.random())))
        scenes.append(scene(found, truth))
    return scenes
