"""Box arithmetic that can be traced."""
from typing import Any, Sequence

import torch
from mmdet.models.task_modules.coders.delta_xywh_bbox_coder import (
    delta2bbox,
)
from torch import Tensor


def clip_boxes(boxes: Tensor, shape: Sequence[Any]) -> Tensor:
    """Boxes within an image.

    Args:
        boxes (Tensor): (..., 4) ``x1, y1, x2, y2``.
        shape (Sequence): Height and width in pixels, numbers or tensors.

    Returns:
        Tensor: Of the same shape.
    """
    height, width = (torch.as_tensor(side).to(boxes) for side in shape[:2])
    limits = torch.stack([width, height, width, height])
    return torch.minimum(boxes.clamp(min=0), limits)


def traced_delta2bbox(rois: Tensor, deltas: Tensor, means: Sequence[float],
                      stds: Sequence[float], max_shape: Any = None,
                      wh_ratio_clip: float = 16 / 1000,
                      clip_border: bool = True, *args: Any) -> Tensor:
    """mmdet's ``delta2bbox``; its own for graphs needs what mmdet 3 has
    not. See there for the arguments."""
    boxes = delta2bbox(rois, deltas, means, stds, None, wh_ratio_clip,
                       clip_border, *args)
    if not clip_border or max_shape is None:
        return boxes
    return clip_boxes(boxes.reshape(-1, 4), max_shape).reshape(
        -1, deltas.shape[1])
