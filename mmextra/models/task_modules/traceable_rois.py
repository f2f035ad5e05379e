"""RoIAlign of a host's extractor in a graph, right for RoIs of any level."""
from typing import Any, Optional, Tuple

import mmcv.ops
import torch
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from torch import Tensor, nn


def roi_align_symbolic(g: Any, feats: Any, rois: Any, output_size: Any,
                       spatial_scale: float, sampling_ratio: int,
                       pool_mode: str, aligned: bool) -> Any:
    """ONNX's RoIAlign of opset 16."""

    def columns(start: int, end: int) -> Any:
        start, end, axis = (g.op('Constant', value_t=torch.tensor([value]))
                            for value in (start, end, 1))
        return g.op('Slice', rois, start, end, axis)

    images = g.op('Squeeze', columns(0, 1),
                  g.op('Constant', value_t=torch.tensor([1])))
    height, width = output_size if isinstance(
        output_size, (tuple, list)) else (output_size, output_size)
    return g.op(
        'RoiAlign', feats, columns(1, 5), g.op('Cast', images, to_i=7),
        output_height_i=int(height), output_width_i=int(width),
        spatial_scale_f=float(spatial_scale),
        sampling_ratio_i=max(0, int(sampling_ratio)), mode_s=pool_mode,
        coordinate_transformation_mode_s='half_pixel' if aligned else
        'output_half_pixel')


def _traced_align(layer: nn.Module, feat: Tensor, rois: Tensor) -> Tensor:
    """RoIs of one map, by mmcv's function whatever the layer's own."""
    return mmcv.ops.RoIAlign.forward(layer, feat, rois)


def traced_extractor(self: SingleRoIExtractor, feats: Tuple[Tensor, ...],
                     rois: Tensor, roi_scale_factor: Optional[float] = None
                     ) -> Tensor:
    """``SingleRoIExtractor.forward`` without asking which levels are used."""
    if len(feats) == 1:
        return _traced_align(self.roi_layers[0], feats[0], rois)
    target = self.map_roi_levels(rois, len(feats))
    if roi_scale_factor is not None:
        rois = self.roi_rescale(rois, roi_scale_factor)
    level_of = [(target == level).nonzero()[:, 0]
                for level in range(len(feats))]
    parts = [_traced_align(layer, feat, rois[index])
             for layer, feat, index in zip(self.roi_layers, feats, level_of)]
    # Back into the order of the RoIs.
    return torch.cat(parts)[torch.cat(level_of).argsort()]
