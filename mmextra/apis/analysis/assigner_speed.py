"""Speed of label assignment, by shapes and by the IoU of all priors."""
import statistics
from functools import partial
from pathlib import Path
from typing import Callable, Dict

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmrotate.registry import TASK_UTILS
from mmrotate.structures.bbox import RotatedBoxes
from torch import Tensor

from mmextra.evaluation.speed import random_batch, take_turns, time_call


def make_orphans(boxes: Tensor, stride: int) -> Tensor:
    """Ships of 2 x 1 pixels between the locations, in none of which one
    lies.

    Args:
        boxes (Tensor): Rotated boxes, (G, 5).
        stride (int): Distance of the locations of the finest level, of
            which the first is half of it from the border.

    Returns:
        Tensor: (G, 5), at the corners of its cells.
    """
    centres = (boxes[:, :2] / stride).round() * stride
    sides = boxes.new_tensor([2., 1.]).expand(len(boxes), 2)
    return torch.cat([centres, sides, boxes[:, 4:]], dim=1)


def contestants(models: Path, size: int, objects: int,
                orphans: bool = False) -> Dict[str, Callable[[], object]]:
    """Both assigners, ready to run on one image.

    Args:
        models (Path): Folder ``configs/_base_/models``.
        size (int): Side of the image in pixels.
        objects (int): Number of ground truths.
        orphans (bool): See :func:`make_orphans`.

    Returns:
        dict[str, Callable]: Name and call without arguments.
    """
    init_default_scope('mmrotate')
    larsd = Config.fromfile(models / 'larsd_r101.py').model
    stock = Config.fromfile(models / 'rotated_retinanet_r101.py').model
    generator = TASK_UTILS.build(larsd.bbox_head.anchor_generator)
    priors = generator.grid_priors(
        [(size // stride[1], size // stride[0])
         for stride in generator.strides], device='cpu')
    points = [level[::count, :2] for level, count in zip(
        priors, generator.num_base_priors)]
    batch = random_batch(1, size, objects, 1, rotated=True)
    gts = batch['data_samples'][0].gt_instances
    if orphans:
        gts.bboxes = RotatedBoxes(make_orphans(
            gts.bboxes.tensor, generator.strides[0][0]))
    flat = InstanceData(priors=RotatedBoxes(torch.cat(priors)))
    same_center = TASK_UTILS.build(larsd.train_cfg.assigner)
    max_iou = TASK_UTILS.build(stock.train_cfg.assigner)
    return {
        'same_center': lambda: same_center.assign_levels(
            points, generator.shapes, gts.bboxes.tensor),
        'max_iou': lambda: max_iou.assign(flat, gts),
    }


def _milliseconds(call: Callable[[], object]) -> float:
    return 1000 * time_call(call)['wall']


def assigner_speed(models: Path, size: int, objects: int, rounds: int,
                   orphans: bool = False) -> dict:
    """Medians of interleaved rounds, after one to warm up.

    Args:
        models (Path): See :func:`contestants`, as are the next ones.
        size (int): In pixels.
        objects (int): Number of ground truths.
        rounds (int): Of which the median is taken.
        orphans (bool): See :func:`make_orphans`.

    Returns:
        dict: ``objects``, ``same_center_ms``, ``max_iou_ms`` and ``ratio``,
        how many times faster the first is.
    """
    calls = contestants(models, size, objects, orphans)
    readings = take_turns(
        [partial(_milliseconds, call) for call in calls.values()], rounds)
    row = {f'{name}_ms': statistics.median(values)
           for name, values in zip(calls, readings)}
    return dict(objects=objects, **row,
                ratio=row['max_iou_ms'] / row['same_center_ms'])
