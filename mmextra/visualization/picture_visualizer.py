"""The visualizer of hooks and demos."""
from typing import Any, List, Optional

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import get_box_tensor
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from mmdet.visualization import DetLocalVisualizer, get_palette
from mmengine.structures import InstanceData

from mmextra.structures import box_corners
from mmextra.utils import register_in_both
from mmextra.utils.checks import check_choice

from .pictures import Labels, draw_boxes, enlarge, enlargement


@register_in_both('VISUALIZERS')
class PictureVisualizer(DetLocalVisualizer):
    """Draws upright and rotated boxes and masks for people.

    In place of ``DetLocalVisualizer`` and ``RotLocalVisualizer``: small
    images are enlarged, lines and letters fit the picture, and labels that
    would hide other objects are left out. Ground truth, where there is some,
    stands on the left of the predictions.

    Args:
        name (str): Name of the instance.
        labels (str): ``'auto'``, ``'on'`` or ``'off'``, see
            :func:`~mmextra.visualization.draw_boxes`.
        kwargs: See ``DetLocalVisualizer``; colours and widths are not used.

    Raises:
        ValueError: If ``labels`` is unknown.
    """

    def __init__(self, name: str = 'visualizer', labels: Labels = 'auto',
                 **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.labels = check_choice('labels', labels, Labels)
        self._factor = 1

    def add_datasample(self, name: str, image: np.ndarray,
                       data_sample: Optional[DetDataSample] = None,
                       draw_gt: bool = True, **kwargs: Any) -> None:
        """Draw an image with its boxes, and save or show it.

        Args:
            name (str): Name of the image.
            image (np.ndarray): (h, w, 3) RGB.
            data_sample (DetDataSample, optional): With ``gt_instances`` or
                ``pred_instances`` in pixels of ``image``.
            draw_gt (bool): Whether to draw the former.
            kwargs: See ``DetLocalVisualizer``.
        """
        image = image.clip(0, 255).astype(np.uint8)
        self._factor = enlargement(*image.shape[:2])
        if data_sample is not None and 'gt_instances' not in data_sample:
            draw_gt = False
        super().add_datasample(
            name, enlarge(image, self._factor), data_sample, draw_gt,
            **kwargs)

    def _draw_instances(self, image: np.ndarray, instances: InstanceData,
                        classes: Optional[List[str]],
                        palette: Optional[List[tuple]]) -> np.ndarray:
        """Boxes on an enlarged image, the best first."""
        if 'bboxes' not in instances or not len(instances):
            return image
        scores = np.asarray(instances.scores) if 'scores' in instances \
            else None
        order = np.arange(len(instances)) if scores is None else \
            np.argsort(-scores, kind='stable')
        labels = np.asarray(instances.labels)[order]
        # browse_dataset.py gives arrays.
        boxes = np.asarray(torch.as_tensor(get_box_tensor(
            instances.bboxes)).detach().cpu().double())
        known = classes or [f'class {k}' for k in range(labels.max() + 1)]
        colors = get_palette(palette or 'coco', max(len(known),
                                                    labels.max() + 1))
        texts = []
        for place, label in zip(order, labels):
            text = known[label] if label < len(known) else f'class {label}'
            texts.append(text if scores is None else
                         f'{text} {100 * scores[place]:.0f}')
        masks = None
        if 'masks' in instances:
            masks = _as_array(instances.masks)[order]
            if self._factor > 1:
                masks = masks.repeat(self._factor, 1).repeat(self._factor, 2)
        return draw_boxes(
            image, box_corners(boxes)[order] * self._factor, texts,
            [tuple(colors[label]) for label in labels], masks, self.labels)


def _as_array(masks: Any) -> np.ndarray:
    """(n, h, w) bool of masks of any kind."""
    if isinstance(masks, (BitmapMasks, PolygonMasks)):
        return masks.to_ndarray().astype(bool)
    return np.asarray(masks, bool)
