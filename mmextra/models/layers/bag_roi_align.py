"""RoIAlign as weighted sums of rows of a map, for CPUs."""
from typing import Tuple

import torch
import torch.nn.functional as F
from mmcv.ops import RoIAlign
from torch import Tensor

from mmextra.utils import register_in_both


def axis_weights(start: Tensor, size: Tensor, samples: Tensor, bins: int,
                 length: int, dense: bool) -> Tuple[Tensor, Tensor]:
    """Which cells of one axis each bin averages, and how much of each.

    RoIAlign's bilinear samples are products of linear ones along the axes.

    Args:
        start (Tensor): Where the RoIs begin, in cells of the map, (n, ).
        size (Tensor): How long they are, (n, ).
        samples (Tensor): Samples in each of their bins, (n, ), at most M.
        bins (int): Bins P of an RoI along the axis.
        length (int): Cells of the map along the axis.
        dense (bool): Whether samples are at most one cell apart, so that
            those of a bin lie on M + 1 neighbours.

    Returns:
        tuple[Tensor, Tensor]: Cells, int64, and weights, both of shape
        (n, P, S).
    """
    most = max(int(samples.max()), 1)
    sample = torch.arange(most, dtype=start.dtype, device=start.device)
    bin_ = torch.arange(bins, dtype=start.dtype, device=start.device)[:, None]
    count = samples[:, None, None].to(start)
    width = (size / bins)[:, None, None]
    # In mmcv's order: from -1 on a sample counts, just before it does not.
    at = start[:, None, None] + bin_ * width + (
        sample + 0.5) * width / count.clamp(min=1)
    counts = (at >= -1) & (at <= length) & (sample < count)
    share = counts.to(at) / count.clamp(min=1)
    at = at.clamp(0, length - 1)
    low = at.floor()
    if dense:
        cells = low[..., :1] + torch.arange(most + 1, device=at.device)
        near = (1 - (at[..., None] - cells[..., None, :]).abs()).clamp(min=0)
        weights = (near * share[..., None]).sum(-2)
    else:
        high = at - low
        cells = torch.cat([low, low + 1], dim=-1)
        weights = torch.cat([(1 - high) * share, high * share], dim=-1)
    return cells.long().clamp(0, length - 1), weights


def bag_roi_align(feature: Tensor, rois: Tensor, output_size: Tuple[int, int],
                  spatial_scale: float, sampling_ratio: int,
                  aligned: bool) -> Tensor:
    """RoIAlign by :func:`torch.nn.functional.embedding_bag`.

    Each output cell is a bag of map cells with their bilinear weights. That
    reads all channels of a cell at once, where mmcv's loop for CPUs reads
    one number after the other; a map in ``channels_last`` is not copied.
    Values and gradients are those of :class:`mmcv.ops.RoIAlign` with
    ``pool_mode='avg'``, but for rounding.

    Args:
        feature (Tensor): (N, C, H, W).
        rois (Tensor): (n, 5) number of the image and x1, y1, x2, y2 in
            pixels of the input; no gradient reaches them.
        output_size (tuple[int, int]): Height and width of the result.
        spatial_scale (float): Cells per pixel.
        sampling_ratio (int): Samples of a bin along either axis; 0 for as
            many as the bin has cells, rounded up.
        aligned (bool): See :class:`mmcv.ops.RoIAlign`.

    Returns:
        Tensor: (n, C, *output_size), in memory as ``channels_last``.
    """
    count, channels, height, width = feature.shape
    if not len(rois):
        return feature.new_zeros(0, channels, *output_size) + feature.sum() * 0
    # Half precision is too coarse for places on a map.
    rois = rois.detach().to(torch.promote_types(rois.dtype, torch.float32))
    image, corners = rois[:, 0].long(), rois[:, 1:] * spatial_scale
    corners = corners - (0.5 if aligned else 0.)
    begin, size = corners[:, :2], corners[:, 2:] - corners[:, :2]
    if not aligned:
        size = size.clamp(min=1)
    if sampling_ratio > 0:
        samples = torch.full_like(size, sampling_ratio, dtype=torch.long)
    else:
        bins = size.new_tensor(output_size[::-1])
        samples = (size / bins).ceil().long().clamp(min=0)

    table = feature.permute(0, 2, 3, 1).contiguous().view(-1, channels)
    table = table.to(torch.promote_types(table.dtype, torch.float32))
    members, bags = [], []
    # Of one number of samples, so that the bags are of one size.
    most = samples.amax(1)
    for number in most.unique():
        which = (most == number).nonzero().flatten()
        (rows, row_weights), (columns, column_weights) = (
            axis_weights(begin[which, axis], size[which, axis],
                         samples[which, axis], bins, length,
                         dense=sampling_ratio == 0)
            for axis, bins, length in ((1, output_size[0], height),
                                       (0, output_size[1], width)))
        rows = (rows + (image[which] * height)[:, None, None]) * width
        # (n, P, 1, S, 1) and (n, 1, P, 1, S).
        cells = rows[:, :, None, :, None] + columns[:, None, :, None]
        weights = (row_weights[:, :, None, :, None] *
                   column_weights[:, None, :, None])
        bags.append(F.embedding_bag(
            cells.flatten(3).flatten(0, 2), table, mode='sum',
            per_sample_weights=weights.flatten(3).flatten(0, 2).to(table)))
        members.append(which)
    result = torch.cat(bags).view(len(rois), *output_size, channels)
    if len(bags) > 1:
        result = result[torch.cat(members).argsort()]
    return result.permute(0, 3, 1, 2).to(feature)


@register_in_both('MODELS')
class BagRoIAlign(RoIAlign):
    """mmcv's RoIAlign, on a CPU by :func:`bag_roi_align`.

    On a CUDA device, and for ``pool_mode='max'``, it is mmcv's own. See
    :class:`BagRoIExtractor` for how a detector gets it.

    Args:
        *args: See :class:`mmcv.ops.RoIAlign`.
        **kwargs: Likewise.
    """

    def forward(self, input: Tensor, rois: Tensor) -> Tensor:
        """Features of RoIs.

        Args:
            input (Tensor): (N, C, H, W).
            rois (Tensor): (n, 5) number of the image and x1, y1, x2, y2.

        Returns:
            Tensor: (n, C, *output_size).
        """
        if input.is_cuda or self.pool_mode != 'avg' or self.use_torchvision:
            if input.dtype is torch.bfloat16:
                # Of which mmcv has no kernel.
                return super().forward(input.float(), rois.float()).to(input)
            return super().forward(input, rois)
        return bag_roi_align(input, rois, self.output_size,
                             self.spatial_scale, self.sampling_ratio,
                             self.aligned)
