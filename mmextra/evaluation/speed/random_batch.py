"""What to feed a detector whose speed alone matters."""
import math

import torch
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import BaseBoxes, HorizontalBoxes
from mmengine.structures import InstanceData
from torch import Tensor


def _rotated(boxes: Tensor) -> BaseBoxes:
    from mmrotate.structures.bbox import RotatedBoxes
    return RotatedBoxes(boxes)


def _around(boxes: Tensor) -> HorizontalBoxes:
    """The horizontal boxes around (cx, cy, w, h, angle), shape (N, 5)."""
    center, sides, angle = boxes.split([2, 2, 1], dim=-1)
    cos, sin = angle.cos().abs(), angle.sin().abs()
    half = (sides * cos + sides.flip(-1) * sin) / 2
    return HorizontalBoxes(torch.cat([center - half, center + half], -1))


def random_batch(batch_size: int, size: int, objects: int, num_classes: int,
                 rotated: bool) -> dict:
    """Noise images with ship-like boxes spread over a grid.

    Args:
        batch_size (int): Number of images.
        size (int): Side of the square images in pixels.
        objects (int): Boxes per image.
        num_classes (int): Labels are below it.
        rotated (bool): Kind of boxes.

    Returns:
        dict: ``inputs`` and ``data_samples`` as a data loader gives them.
    """
    rng = torch.Generator().manual_seed(0)
    side = math.ceil(math.sqrt(objects))
    cell = size / side
    inputs, samples = [], []
    for _ in range(batch_size):
        image = torch.randint(
            0, 256, (3, size, size), generator=rng, dtype=torch.uint8)
        index = torch.arange(objects)
        noise = torch.rand(objects, 4, generator=rng)
        centers = torch.stack([index % side, index // side], -1) + 0.5
        length = cell * (0.6 + 0.8 * noise[:, 0])
        boxes = torch.cat([
            centers * cell, length[:, None],
            (length / (3 + 4 * noise[:, 1]))[:, None],
            ((noise[:, 2] - 0.5) * math.pi)[:, None]
        ], dim=-1)
        boxes = _rotated(boxes) if rotated else _around(boxes)
        sample = DetDataSample(metainfo=dict(
            img_shape=(size, size), ori_shape=(size, size),
            pad_shape=(size, size), batch_input_shape=(size, size),
            scale_factor=(1.0, 1.0), img_id=0, img_path=''))
        sample.gt_instances = InstanceData(
            bboxes=boxes,
            labels=torch.randint(0, num_classes, (objects, ), generator=rng))
        sample.ignored_instances = InstanceData(
            bboxes=boxes[:0], labels=torch.zeros(0, dtype=torch.long))
        inputs.append(image)
        samples.append(sample)
    return dict(inputs=inputs, data_samples=samples)
