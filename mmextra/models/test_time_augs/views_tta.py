"""Test-time augmentation of upright boxes, rotated boxes and masks."""
from typing import List, Optional, Tuple

import torch
from mmdet.models.test_time_augs import DetTTAModel
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import BaseBoxes, get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor

from mmextra.structures import merge_nms
from mmextra.utils import register_in_both

MIRRORED = {
    'horizontal': (True, False),
    'vertical': (False, True),
    'diagonal': (True, True)
}


def undo_view(boxes: Tensor, shape: Tuple[int, int], turns: int = 0,
              flip_direction: Optional[str] = None) -> Tensor:
    """Boxes as the image shows them that was neither flipped nor turned.

    Args:
        boxes (Tensor): (n, 4) ``x1, y1, x2, y2``, (n, 5) ``cx, cy, w, h,
            angle`` or (n, 8) corners, in pixels of an image that was first
            flipped and then turned.
        shape (tuple[int, int]): Height and width of that image.
        turns (int): Quarters that it was turned counterclockwise.
        flip_direction (str, optional): How it was flipped.

    Returns:
        Tensor: Boxes of the same kind.
    """
    height, width = shape
    rotated = boxes.size(-1) == 5
    sides = boxes[:, 2:4]
    angle = boxes[:, 4:]
    points = (boxes[:, :2] if rotated else boxes).unflatten(-1, (-1, 2))
    x, y = points.unbind(-1)
    for _ in range(turns % 4):
        # A quarter back, clockwise: the upper left corner of the turned
        # image is the upper right one of the image before.
        x, y = height - y, x
        height, width = width, height
        # Sides change their names instead of the angle, which so stays in
        # the range of its convention.
        sides = sides.flip(-1)
    mirror_x, mirror_y = MIRRORED.get(flip_direction, (False, False))
    if mirror_x:
        x = width - x
    if mirror_y:
        y = height - y
    if mirror_x != mirror_y:
        angle = -angle
    points = torch.stack([x, y], -1)
    if rotated:
        return torch.cat([points.flatten(1), sides, angle], -1)
    if boxes.size(-1) == 4:
        return torch.cat([points.amin(1), points.amax(1)], -1)
    return points.flatten(1)


@register_in_both('MODELS')
class ViewsTTAModel(DetTTAModel):
    """Detections of flipped, turned and resized views of an image, merged.

    The stock model for upright boxes, and beyond it: quarter turns
    (:class:`~mmextra.datasets.transforms.QuarterTurn`), rotated boxes with
    the exact suppression of :func:`~mmextra.structures.merge_nms`, and
    masks, each of which stays with its box. The first view must be the image
    as it is, for it lends the merged sample its sizes and annotations.

    Args:
        tta_cfg (dict): ``nms``, as in a model's ``test_cfg``, and
            ``max_per_img``.
        kwargs: See ``BaseTTAModel``.
    """

    def _merge_single_sample(self, data_samples: List[DetDataSample]
                             ) -> DetDataSample:
        """Merge the views of one image.

        Args:
            data_samples (list[:obj:`DetDataSample`]): With
                ``pred_instances`` in pixels of their original images, and
                the metas ``ori_shape``, ``flip_direction`` and
                ``quarter_turns``.

        Returns:
            :obj:`DetDataSample`: The first, with the merged predictions.
        """
        first = data_samples[0]
        if first.get('flip') or first.get('quarter_turns'):
            raise ValueError(
                'the first view of the test-time augmentation must be '
                'neither flipped nor turned; put RandomFlip(prob=0.) and '
                'QuarterTurn(turns=0) first in their lists')
        found = InstanceData.cat([
            self._undo(sample.pred_instances, sample)
            for sample in data_samples])
        keep, scores = merge_nms(
            get_box_tensor(found.bboxes), found.scores, found.labels,
            self.tta_cfg['nms'])
        keep = keep[:self.tta_cfg['max_per_img']]
        merged = found[keep]
        merged.scores = scores[:len(keep)]
        first.pred_instances = merged
        return first

    @staticmethod
    def _undo(found: InstanceData, sample: DetDataSample) -> InstanceData:
        """Boxes, scores, labels and masks of a view, moved back."""
        turns = sample.get('quarter_turns') or 0
        direction = sample.get('flip_direction') if sample.get('flip') \
            else None
        boxes = undo_view(get_box_tensor(found.bboxes),
                          sample.ori_shape[:2], turns, direction)
        if isinstance(found.bboxes, BaseBoxes):
            boxes = type(found.bboxes)(boxes, clone=False)
        moved = InstanceData(
            bboxes=boxes, scores=found.scores, labels=found.labels)
        if 'masks' in found:
            masks = found.masks.rot90(-turns, (-2, -1))
            mirror_x, mirror_y = MIRRORED.get(direction, (False, False))
            axes = [-1] * mirror_x + [-2] * mirror_y
            moved.masks = masks.flip(axes) if axes else masks
        return moved
