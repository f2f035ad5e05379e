"""GCN-FSOD and the Attention RPN detector, by their names."""
from mmdet.registry import MODELS

from .query_support_detector import QuerySupportDetector


@MODELS.register_module()
class GCNFSOD(QuerySupportDetector):
    """Few-shot detection with local correspondence RPN and attentive head.

    Han, Li and Wang, "Few-Shot Object Detection with Local Correspondence
    RPN and Attentive Head". Takes :class:`LCRPNHead` and
    :class:`QuerySupportRoIHead` with :class:`AttentiveBBoxHead`.
    """


@MODELS.register_module()
class AttentionRPNDetector(QuerySupportDetector):
    """Few-shot detection with attention RPN and multi-relation head.

    Fan et al., CVPR 2020, a baseline. Takes :class:`LCRPNHead` with
    ``correspondence='global_kernel', decouple=False`` and
    :class:`QuerySupportRoIHead` with :class:`MultiRelationBBoxHead`.
    """
