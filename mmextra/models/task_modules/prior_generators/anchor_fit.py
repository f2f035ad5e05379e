"""How well anchors fit boxes by YOLOv5's criterion."""
from typing import Tuple

from torch import Tensor

from ..assigners.cross_grid_assigner import match_shapes


def anchor_fit(wh: Tensor,
               anchors: Tensor,
               ratio_thr: float = 4.0) -> Tuple[float, float]:
    """Share of boxes that some anchor matches, and anchors per box.

    Args:
        wh (Tensor): Sides of the boxes, shape (N, 2), in any unit.
        anchors (Tensor): Sides of all anchors, shape (A, 2).
        ratio_thr (float): See :class:`CrossGridAssigner`.

    Returns:
        tuple[float, float]: The best possible recall, and the mean number of
        matching anchors.
    """
    matched = match_shapes(wh, anchors, ratio_thr).double()
    return matched.amax(0).mean().item(), matched.sum(0).mean().item()
