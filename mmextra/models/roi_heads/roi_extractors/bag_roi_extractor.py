"""RoI features that do not wait for mmcv's loop on a CPU."""
from typing import List

from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from mmdet.utils import ConfigType
from torch import nn

from mmextra.models.layers.bag_roi_align import BagRoIAlign
from mmextra.utils import register_in_both


@register_in_both('MODELS')
class BagRoIExtractor(SingleRoIExtractor):
    """mmdet's extractor with :class:`BagRoIAlign` for ``RoIAlign``.

    A drop-in: any two-stage config, with the same ``roi_layer`` and weights,
    takes it by ``model.roi_head.bbox_roi_extractor.type=BagRoIExtractor``.
    On a CUDA device it computes what mmdet's does, by mmcv's kernel.

    Not in the papers: it saves time on CPUs.
    """

    def build_roi_layers(self, layer_cfg: ConfigType,
                         featmap_strides: List[int]) -> nn.ModuleList:
        """The host's layers; ``RoIAlign`` is replaced.

        Args:
            layer_cfg (dict): Config of the layer.
            featmap_strides (list[int]): Strides of the maps.

        Returns:
            nn.ModuleList: One layer per map.
        """
        if layer_cfg['type'] != 'RoIAlign':
            return super().build_roi_layers(layer_cfg, featmap_strides)
        # mmdet 3.0 takes no class in place of the layer's name.
        cfg = {key: layer_cfg[key] for key in layer_cfg if key != 'type'}
        return nn.ModuleList(BagRoIAlign(spatial_scale=1 / stride, **cfg)
                             for stride in featmap_strides)
