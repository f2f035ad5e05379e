from mmextra.utils import (
    HAS_MMROTATE,
    HAS_VIDEO,
    absent_without_mmrotate,
    absent_without_video,
)

from .det_pr_metric import DetPRMetric
from .few_shot_coco_metric import FewShotCocoMetric
from .few_shot_voc_metric import FewShotVOCMetric
from .image_sensitivity_metric import ImageSensitivityMetric
from .lesion_mean_ap import LesionMeanAP

__all__ = [
    'DetPRMetric', 'FewShotCocoMetric', 'FewShotVOCMetric',
    'ImageNetVIDMetric', 'ImageSensitivityMetric', 'LesionMeanAP'
]

if HAS_VIDEO:
    from .imagenet_vid_metric import ImageNetVIDMetric, speed_facts

    __all__ += ['speed_facts']
else:
    absent_without_video(__name__, 'METRICS', 'ImageNetVIDMetric')

if HAS_MMROTATE:
    from .merged_rbox_ap_metric import MergedRBoxAPMetric
    from .rbox_ap_metric import RBoxAPMetric

    __all__ += ['MergedRBoxAPMetric', 'RBoxAPMetric']
else:
    __getattr__ = absent_without_mmrotate(
        __name__, 'MergedRBoxAPMetric', 'RBoxAPMetric')
