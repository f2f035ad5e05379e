"""What a detector knows of the classes it is shown."""
from dataclasses import dataclass
from typing import Dict, Literal, Sequence, Union

import torch
from torch import Tensor

from mmextra.utils.checks import check_choice

ShotFusion = Literal['mean', 'concat']
RegWeights = Literal['mean', 'gate']


def fuse_shots(features: Tensor, shots: int,
               fusion: ShotFusion = 'mean') -> Tensor:
    """One feature per class from those of its shots.

    Section 3.1 builds the graph from h * w support nodes, so the shots are
    averaged. Not in the paper: ``'concat'``, which keeps the cells of all
    shots, one map below the other.

    Args:
        features (Tensor): (S * K, C, h, w), the K shots of a class one after
            the other.
        shots (int): K.
        fusion (str): ``'mean'`` or ``'concat'``.

    Returns:
        Tensor: (S, C, h, w), or (S, C, K * h, w) for ``'concat'``.

    Raises:
        ValueError: If the fusion is unknown or the number is no multiple of
            the shots.
    """
    check_choice('shot_fusion', fusion, ShotFusion)
    if shots < 1 or len(features) % shots:
        raise ValueError(f'{len(features)} support features are no multiple '
                         f'of {shots} shots')
    grouped = features.unflatten(0, (-1, shots))
    if fusion == 'mean':
        return grouped.mean(1)
    return grouped.transpose(1, 2).flatten(2, 3)


def map_to_nodes(feature: Tensor) -> Tensor:
    """Cells of a (C, h, w) map as (h * w, C) nodes, row by row."""
    return feature.flatten(1).t()


def channel_activation(query: Tensor, vector: Tensor) -> Tensor:
    """Weight the channels of a query by a class-attentive vector.

    Section 3.1: the regression branch. The same as a depthwise correlation
    with a 1 x 1 kernel, the attention of Attention RPN.

    Args:
        query (Tensor): (..., C, H, W).
        vector (Tensor): (..., C).

    Returns:
        Tensor: (..., C, H, W).
    """
    return query * vector[..., None, None]


def regression_weights(vector: Tensor, kind: RegWeights = 'mean') -> Tensor:
    """What the regression weights a query's channels by.

    Args:
        vector (Tensor): Means of a support's channels.
        kind (str): ``'mean'``: themselves; ``'gate'`` (not in the paper):
            twice their sigmoid, 1 where a mean is 0. For features of both
            signs, of which a mean near 0 would hide a channel, and one below
            it would turn its edges over from class to class.

    Returns:
        Tensor: As large.
    """
    return vector if kind == 'mean' else 2 * vector.sigmoid()


@dataclass
class SupportFeatures:
    """The features of S classes, or of S query-support pairs.

    Attributes:
        maps: (S, C, h, w), or S times (C, h, w) of any sizes, what the RPN
            compares with.
        rois: (S, C', r, r) what the RoI head compares with.
    """
    maps: Union[Tensor, Sequence[Tensor]]
    rois: Tensor

    @property
    def vectors(self) -> Tensor:
        """(S, C) class-attentive vectors s_f, the means of the maps."""
        return torch.stack([one.mean((1, 2)) for one in self.maps])

    @classmethod
    def of_bank(cls, bank: Dict[int, Dict[str, Tensor]]) -> 'SupportFeatures':
        """The classes of a support bank, in its order."""
        return cls([entry['map'] for entry in bank.values()],
                   torch.stack([entry['roi'] for entry in bank.values()]))
