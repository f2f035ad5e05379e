"""NMS that does not keep boxes without area."""
from typing import Tuple

import torch
from mmdet.models.layers import multiclass_nms
from mmdet.utils import ConfigType
from torch import Tensor


def nonempty_nms(
        bboxes: Tensor, scores: Tensor, score_thr: float, nms: ConfigType,
        max_per_img: int) -> Tuple[Tensor, Tensor, Tensor]:
    """Rank the (RoI, class) pairs of an image, leaving empty boxes out.

    Section 3 of COVID-CT-Mask-Net, item 2: boxes of area zero are deleted.
    In this order: drop empty boxes, drop scores that do not exceed
    ``score_thr``, NMS per class, sort by score, keep the first. mmdet's
    ``multiclass_nms`` alone keeps empty boxes, which come of clipping.

    Args:
        bboxes (Tensor): (n, 4 C) or, the same for all classes, (n, 4);
            clipped boxes x1, y1, x2, y2 in pixels.
        scores (Tensor): (n, C + 1), background last.
        score_thr (float): The paper's classifier has -0.01, which keeps all.
        nms (dict): For example ``dict(type='nms', iou_threshold=0.75)``.
        max_per_img (int): Number of pairs to keep at most; -1 for all.

    Returns:
        tuple[Tensor]: For the k kept pairs, by descending score: (k, 5)
        boxes and scores; (k, ) classes; (k, ) numbers of the pairs, RoI
        times C plus class.
    """
    num_rois, num_classes = len(scores), scores.shape[1] - 1
    # The number of boxes of an RoI is inferred, which zero RoIs forbid.
    if not num_rois:
        none = scores.new_zeros(0, dtype=torch.long)
        return scores.new_zeros(0, 5), none, none
    corners = bboxes.reshape(-1, bboxes.shape[1] // 4, 4)
    empty = (corners[..., 2:] <= corners[..., :2]).any(-1)
    # Minus infinity exceeds no threshold.
    dropped = torch.cat([
        scores[:, :-1].masked_fill(empty.expand(-1, num_classes),
                                   float('-inf')), scores[:, -1:]
    ], 1)
    return multiclass_nms(
        bboxes, dropped, score_thr, nms, max_per_img, return_inds=True)
