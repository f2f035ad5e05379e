"""Speed of RoIAlign on a CPU, mmcv's and as bags."""
import statistics
from functools import partial
from typing import Callable, Dict, List, NamedTuple

import torch
from mmcv.ops import RoIAlign
from torch import Tensor, nn

from mmextra.evaluation.speed import take_turns, time_call
from mmextra.models.layers import BagRoIAlign


class RoISizes(NamedTuple):
    """What RoIAlign is measured on.

    Attributes:
        channels: Of the map.
        side: Of the square map, in cells of 16 pixels.
        rois: Number of RoIs.
        bins: Of an RoI along either axis.
        sampling_ratio: Samples of a bin along either axis, 0 for as many as
            it has cells.
    """

    channels: int = 256
    side: int = 32
    rois: int = 1000
    bins: int = 7
    sampling_ratio: int = 0


def random_rois(sizes: RoISizes) -> Tensor:
    """RoIs (n, 5) of 16 pixels to a half of the image along either axis."""
    rng = torch.Generator().manual_seed(0)
    extent = 16. * sizes.side
    length = 16 + torch.rand(sizes.rois, 2, generator=rng) * (extent / 2 - 16)
    start = torch.rand(sizes.rois, 2, generator=rng) * (extent - length)
    image = torch.zeros(sizes.rois, 1)
    return torch.cat([image, start, start + length], dim=1)


def roi_align_speed(sizes: RoISizes, rounds: int) -> List[dict]:
    """Milliseconds of processor time of both, and how they differ.

    Args:
        sizes (RoISizes): What to measure on.
        rounds (int): Of which the median is taken.

    Returns:
        list[dict]: For ``'features'`` and ``'features, gradients'``:
        ``what``, ``mmcv_ms``, ``bags_ms``, ``faster`` (times) and
        ``difference``, the largest one relative to the largest value, of the
        features or of the map's gradient.
    """
    feature = torch.rand(
        1, sizes.channels, sizes.side, sizes.side,
        generator=torch.Generator().manual_seed(1))
    rois = random_rois(sizes)
    layers: Dict[str, nn.Module] = {
        name: kind((sizes.bins, sizes.bins), 1 / 16, sizes.sampling_ratio)
        for name, kind in (('mmcv', RoIAlign), ('bags', BagRoIAlign))}

    def features(layer: nn.Module) -> Tensor:
        with torch.no_grad():
            return layer(feature, rois)

    def gradients(layer: nn.Module) -> Tensor:
        leaf = feature.clone().requires_grad_()
        layer(leaf, rois).square().sum().backward()
        assert leaf.grad is not None
        return leaf.grad

    rows = []
    forms: Dict[str, Callable[[nn.Module], Tensor]] = {
        'features': features, 'features, gradients': gradients}
    for what, form in forms.items():
        calls = [partial(form, layer) for layer in layers.values()]
        expected, found = (call() for call in calls)
        readings = take_turns([
            partial(lambda call: 1000 * time_call(call)['cpu'], call)
            for call in calls], rounds)
        mmcv_ms, bags_ms = map(statistics.median, readings)
        rows.append(dict(
            what=what, mmcv_ms=mmcv_ms, bags_ms=bags_ms,
            faster=mmcv_ms / bags_ms,
            difference=float((found - expected).abs().max() /
                             expected.abs().max())))
    return rows
