"""Classification by cosine similarity, for TFA."""
import torch.nn.functional as F
from mmdet.models.roi_heads.bbox_heads import ConvFCBBoxHead
from mmdet.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class CosineLinear(nn.Linear):
    """Scaled cosine of the input with each row of the weights.

    Args:
        in_features (int): Length of the input.
        out_features (int): Number of rows.
        scale (float): What the cosine is multiplied by.
    """

    def __init__(self, in_features: int, out_features: int,
                 scale: float = 20.) -> None:
        super().__init__(in_features, out_features, bias=False)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_features) to (N, out_features)."""
        return self.scale * F.linear(
            F.normalize(x, dim=-1), F.normalize(self.weight, dim=-1))


@MODELS.register_module()
class CosineSimBBoxHead(ConvFCBBoxHead):
    """Two shared layers, scores by cosine similarity (TFA w/cos).

    Wang et al., "Frustratingly Simple Few-Shot Object Detection", ICML 2020;
    a baseline of Table 1.

    Args:
        scale (float): What the cosines are multiplied by.
        num_shared_fcs (int): Shared layers.
        kwargs: See mmdet's ``ConvFCBBoxHead``.
    """

    def __init__(self,
                 scale: float = 20.,
                 num_shared_fcs: int = 2,
                 **kwargs) -> None:
        kwargs.setdefault('cls_predictor_cfg',
                          dict(type='CosineLinear', scale=scale))
        super().__init__(num_shared_fcs=num_shared_fcs, **kwargs)
