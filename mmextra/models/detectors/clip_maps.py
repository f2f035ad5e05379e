"""Maps of clips: by frame, by clip, and joined to batches."""
from typing import Any, Sequence, Tuple

import torch
from torch import Tensor

Feats = Tuple[Tensor, ...]


class ClipMaps:
    """Maps of N clips of T frames each.

    Args:
        feats (Sequence[Tensor]): (N T, C_i, h_i, w_i), clip by clip.
        num_clips (int): N.
        num_frames (int): T.
    """

    def __init__(self, feats: Sequence[Tensor], num_clips: int,
                 num_frames: int) -> None:
        self.num_frames = num_frames
        self.maps = [feat.unflatten(0, (num_clips, num_frames))
                     for feat in feats]

    def frame(self, t: int) -> Feats:
        """(N, C_i, h_i, w_i) maps of the t-th frames."""
        return tuple(each[:, t] for each in self.maps)

    def frames(self, begin: int, end: int) -> Feats:
        """(N (end - begin), C_i, h_i, w_i) maps, clip by clip."""
        return tuple(each[:, begin:end].flatten(0, 1) for each in self.maps)


def in_clip_order(steps: Sequence[Feats]) -> Feats:
    """Maps of time steps, (N, ...) each, as one batch, clip by clip."""
    return tuple(torch.stack(level, 1).flatten(0, 1)
                 for level in zip(*steps))


def join_maps(parts: Sequence[Any]) -> Any:
    """Tuples of maps, or tuples of these, joined along the samples."""
    if isinstance(parts[0], Tensor):
        return torch.cat(list(parts))
    return tuple(join_maps(each) for each in zip(*parts))
