"""Objectness, and which class it is, apart from each other."""
from typing import Optional, Union

import torch
import torch.nn.functional as F
from mmdet.registry import MODELS
from mmdet.utils import ConfigType
from torch import Tensor, nn

from mmextra.utils import register_in_both

# Log-probabilities nearer to 0 have no logit.
HIGHEST = -1e-6


def joint_logits(maps: Tensor, num_classes: int) -> Tensor:
    """Logits of the classes' scores, objectness times the class's share.

    Score c is p_c = sigmoid(o) * softmax(z)_c, and its logit
    log(p_c / (1 - p_c)), so that whatever takes a sigmoid gets the score. Of
    one class it is o itself, up to a score of 1 - 1e-6, where it ends. For
    predictions; :class:`ObjectnessClassLoss` takes o and z. Not in the paper,
    which has one class.

    Args:
        maps (Tensor): (B, K * (1 + C), H, W): for each of K priors o, then
            the C values z.
        num_classes (int): Number C of classes.

    Returns:
        Tensor: (B, K * C, H, W).
    """
    batch, _, height, width = maps.shape
    maps = maps.view(batch, -1, 1 + num_classes, height, width)
    log_score = F.logsigmoid(maps[:, :, :1]) + maps[:, :, 1:].log_softmax(2)
    log_score = log_score.clamp(max=HIGHEST)
    # Not by expm1, which ONNX lacks.
    return (log_score - torch.log1p(-log_score.exp())).flatten(1, 2)


@register_in_both('MODELS')
class ObjectnessClassLoss(nn.Module):
    """One loss of objectness, and cross entropy of the class of positives.

    With a sigmoid per class every class learns from all locations that it is
    rare. Here the background teaches objectness alone, and each positive its
    class. For :class:`LARSDHead`, which then has a channel of objectness and
    scores by :func:`joint_logits`. Not in the paper.

    Args:
        use_sigmoid (bool): Must be True, as hosts read it.
        loss_obj (dict): Config of a loss of (N, 1) logits with labels 0
            (object) and 1, such as the focal loss.
        loss_weight (float): Weight of the cross entropy, a sum over the
            positives divided by ``avg_factor``.

    Raises:
        ValueError: If ``use_sigmoid`` is False.
    """

    def __init__(self,
                 use_sigmoid: bool = True,
                 loss_obj: ConfigType = dict(
                     type='mmdet.FocalLoss',
                     use_sigmoid=True,
                     gamma=2.0,
                     alpha=0.25,
                     loss_weight=1.0),
                 loss_weight: float = 1.0) -> None:
        super().__init__()
        if not use_sigmoid:
            raise ValueError(
                'ObjectnessClassLoss gives each class a score of its own; '
                'leave use_sigmoid at True')
        self.loss_obj = MODELS.build(loss_obj)
        self.loss_weight = loss_weight

    def forward(self, pred: Tensor, target: Tensor,
                weight: Optional[Tensor] = None,
                avg_factor: Union[Tensor, float, None] = None) -> Tensor:
        """Both losses together.

        Args:
            pred (Tensor): (N, 1 + C) objectness and the classes' values.
            target (Tensor): (N, ) labels, C for the background.
            weight (Tensor, optional): (N, ) of each row in both.
            avg_factor (Tensor | float, optional): What sums are divided by;
                the number of positives if None.

        Returns:
            Tensor: A scalar.

        Raises:
            ValueError: If a label is beyond C (on a GPU a device assertion),
                as from a head without the channel of objectness.
        """
        objectness, classes = pred[:, :1], pred[:, 1:]
        background = target == classes.size(1)
        if avg_factor is None:
            avg_factor = (~background).sum().clamp(min=1)
        if weight is None:
            weight = pred.new_ones(len(pred))
        loss = self.loss_obj(objectness, background.long(), weight,
                             avg_factor=avg_factor)
        # Ignored rather than left out, which a GPU would have to wait for.
        try:
            missed = F.cross_entropy(classes, target, reduction='none',
                                     ignore_index=classes.size(1))
        except IndexError as error:
            raise ValueError(
                f'ObjectnessClassLoss takes objectness and {classes.size(1)} '
                f'classes from {pred.size(1)} channels, but there is a label '
                f'{int(target.max())}. Of the heads LARSDHead alone predicts '
                'objectness; set loss_cls of another one to a loss of '
                'classes, such as FocalLoss') from error
        return loss + self.loss_weight * (missed * weight).sum() / avg_factor
