"""Independent scores of the classes of an RoI, by the sigmoid."""
from typing import Any

import torch
from mmdet.models.losses import CrossEntropyLoss
from mmdet.registry import MODELS
from torch import Tensor


def roi_sigmoid_scores(logits: Tensor) -> Tensor:
    """Score the classes of RoIs one by one (Section 3, item 1).

    Args:
        logits (Tensor): (n, C + 1), background last.

    Returns:
        Tensor: (n, C + 1); the sigmoid of the C classes, and zeros for the
        background, which mmdet never reads.
    """
    scores = logits[:, :-1].sigmoid()
    return torch.cat([scores, scores.new_zeros(len(scores), 1)], dim=1)


@MODELS.register_module()
class RoIScoreCrossEntropyLoss(CrossEntropyLoss):
    """Softmax cross-entropy in training, sigmoid scores in testing.

    Section 3 of COVID-CT-Mask-Net, item 1: the sigmoid makes the scores of
    an RoI independent of each other, so that more RoIs pass the threshold.
    The paper tried it and left it out of its final numbers. The network and
    its training do not change, so a trained detector can be tested both ways.

    Args:
        *args: See :class:`mmdet.models.losses.CrossEntropyLoss`.
        **kwargs: The same.

    Raises:
        ValueError: If ``use_sigmoid`` or ``use_mask`` is set.
    """

    # mmdet's heads ask a loss with this attribute for the scores.
    custom_cls_channels = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.use_sigmoid or self.use_mask:
            raise ValueError(
                'RoIScoreCrossEntropyLoss trains by softmax cross-entropy; '
                'leave use_sigmoid and use_mask out')

    def get_cls_channels(self, num_classes: int) -> int:
        """Number of logits: one for each class and the background."""
        return num_classes + 1

    def get_activation(self, cls_score: Tensor) -> Tensor:
        """Scores of logits, see :func:`roi_sigmoid_scores`."""
        return roi_sigmoid_scores(cls_score)
