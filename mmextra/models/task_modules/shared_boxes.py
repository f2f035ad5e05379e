"""One box for what several classes propose alike."""
from typing import List, Sequence, Tuple

import torch
from mmcv.ops import nms
from mmdet.structures.bbox import bbox_overlaps
from torch import Tensor


def share_boxes(boxes: Sequence[Tensor], scores: Sequence[Tensor],
                iou_threshold: float) -> Tuple[Tensor, List[Tensor]]:
    """Few boxes that stand for those of all classes.

    Not in the paper. The boxes of all classes together pass a non-maximum
    suppression; each is then represented by the kept one that it overlaps
    most, itself if it was kept.

    Args:
        boxes (Sequence[Tensor]): (n_c, 4) boxes of each class.
        scores (Sequence[Tensor]): (n_c,) their scores.
        iou_threshold (float): A box is dropped for a better one if their
            IoU is above it.

    Returns:
        tuple[Tensor, list[Tensor]]: The kept boxes (R, 4), and per class
        which of them stands for each of its boxes, (n_c,).
    """
    rows = torch.cat(list(boxes))
    counts = [len(each) for each in boxes]
    if not len(rows):
        return rows, list(torch.empty(
            0, dtype=torch.long, device=rows.device).split(counts))
    _, keep = nms(rows, torch.cat(list(scores)), iou_threshold)
    kept = rows[keep]
    nearest = bbox_overlaps(rows, kept).argmax(1)
    # Also one without area, which overlaps nothing.
    nearest[keep] = torch.arange(len(keep), device=keep.device)
    return kept, list(nearest.split(counts))
