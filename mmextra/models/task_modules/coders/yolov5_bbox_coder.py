"""Boxes of YOLOv5 from four logits, a grid cell and an anchor."""
from typing import Union

import torch
from mmdet.models.task_modules.coders.base_bbox_coder import BaseBBoxCoder
from mmdet.registry import TASK_UTILS
from torch import Tensor


def decode_relative(pred: Tensor, anchors: Tensor) -> Tensor:
    """Boxes relative to the upper left corner of their cell.

    The centre lies up to half a cell outside of the cell, a side is up to
    four times that of the anchor.

    Args:
        pred (Tensor): Logits of x, y, w, h, shape (..., 4).
        anchors (Tensor): Width and height of the anchors in cells, shape
            (..., 2).

    Returns:
        Tensor: cx, cy, w, h in cells, shape (..., 4).
    """
    unit = 2 * pred.sigmoid()
    return torch.cat([unit[..., :2] - 0.5, unit[..., 2:].square() * anchors],
                     dim=-1)


@TASK_UTILS.register_module()
class YOLOv5BBoxCoder(BaseBBoxCoder):
    """Decode YOLOv5's logits; the loss compares decoded boxes.

    With sigma the sigmoid, p a prior's centre and s the stride:
    ``c = p + (2 sigma(t_xy) - 1) s`` and ``wh = anchor (2 sigma(t_wh))^2``.
    """

    def encode(self, bboxes: Tensor, gt_bboxes: Tensor) -> Tensor:
        """Not needed by the loss.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(
            'YOLOv5 compares decoded boxes with the ground truth; use '
            'decode_relative')

    def decode(self, bboxes: Tensor, pred_bboxes: Tensor,
               stride: Union[int, float, Tensor]) -> Tensor:
        """Boxes of an image.

        Args:
            bboxes (Tensor): Priors x1, y1, x2, y2 in pixels, the anchors
                around the centres of their cells, shape (..., 4).
            pred_bboxes (Tensor): Logits of x, y, w, h, shape (..., 4).
            stride (int | float | Tensor): Size of a cell in pixels; a
                tensor must have shape (..., 1).

        Returns:
            Tensor: x1, y1, x2, y2 in pixels, shape (..., 4); they may reach
            beyond the image.
        """
        centres = (bboxes[..., :2] + bboxes[..., 2:]) / 2
        box = decode_relative(pred_bboxes,
                              (bboxes[..., 2:] - bboxes[..., :2]) / stride)
        centres = centres + (box[..., :2] - 0.5) * stride
        half = box[..., 2:] * stride / 2
        return torch.cat([centres - half, centres + half], dim=-1)

    def decode_relative(self, pred: Tensor, anchors: Tensor) -> Tensor:
        """See :func:`decode_relative`."""
        return decode_relative(pred, anchors)
