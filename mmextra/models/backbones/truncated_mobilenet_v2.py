"""MobileNetV2 without the layers behind its last output."""
from typing import Any, Optional

from mmdet.models.backbones import MobileNetV2
from mmdet.registry import MODELS
from torch import nn

from mmextra.utils.checks import check_choice


@MODELS.register_module()
class TruncatedMobileNetV2(MobileNetV2):
    """mmdet's MobileNetV2 that has what its outputs need, and no more.

    mmdet's always has its last convolution. Where no output needs it, its
    weights get no gradient, and training with several processes waits for
    it. Names are mmdet's, so its weights load; those of the layers that are
    missing are left over, which the log tells.

    Args:
        *args: See :class:`mmdet.models.backbones.MobileNetV2`.
        out_stride (int, optional): Finest stride that maps may end at, 2, 4,
            8 or 16: layers that would go beyond it are dilated instead, so
            that the same weights see as far on a finer map. All of mmdet's
            strides by default.
        **kwargs: See :class:`mmdet.models.backbones.MobileNetV2`.

    Raises:
        ValueError: If ``out_stride`` is none of these.
    """

    def __init__(self, *args: Any, out_stride: Optional[int] = None,
                 **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = max(self.out_indices) + 1
        for name in self.layers[kept:]:
            delattr(self, name)
        self.layers = self.layers[:kept]
        if out_stride is not None:
            check_choice('out_stride', out_stride, (2, 4, 8, 16))
            _dilate(self, out_stride)


def _dilate(model: nn.Module, out_stride: int) -> None:
    """Replace strides beyond ``out_stride`` by dilation of what follows."""
    stride, dilation = 1, 1
    for conv in model.modules():
        if not isinstance(conv, nn.Conv2d) or conv.kernel_size != (3, 3):
            continue
        before = dilation
        if conv.stride == (2, 2) and stride < out_stride:
            stride *= 2
        elif conv.stride == (2, 2):
            conv.stride, dilation = (1, 1), 2 * dilation
        # The layer that lost its stride still sees its old neighbours.
        conv.dilation = conv.padding = (before, before)
