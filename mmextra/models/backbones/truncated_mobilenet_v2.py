"""MobileNetV2 without the layers behind its last output."""
from mmdet.models.backbones import MobileNetV2
from mmdet.registry import MODELS


@MODELS.register_module()
class TruncatedMobileNetV2(MobileNetV2):
    """mmdet's MobileNetV2 that has what its outputs need, and no more.

    mmdet's always has its last convolution. Where no output needs it, its
    weights get no gradient, and training with several processes waits for
    it. Names are mmdet's, so its weights load; those of the layers that are
    missing are left over, which the log tells.

    Args:
        *args: See :class:`mmdet.models.backbones.MobileNetV2`.
        **kwargs: See there.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        kept = max(self.out_indices) + 1
        for name in self.layers[kept:]:
            delattr(self, name)
        self.layers = self.layers[:kept]
