from mmextra.utils import HAS_MMROTATE, absent_without_mmrotate

from .det_pr_metric import DetPRMetric
from .few_shot_coco_metric import FewShotCocoMetric
from .few_shot_voc_metric import FewShotVOCMetric
from .image_sensitivity_metric import ImageSensitivityMetric
from .imagenet_vid_metric import ImageNetVIDMetric, speed_facts
from .lesion_mean_ap import LesionMeanAP

__all__ = [
    'DetPRMetric', 'FewShotCocoMetric', 'FewShotVOCMetric',
    'ImageNetVIDMetric', 'ImageSensitivityMetric', 'LesionMeanAP',
    'speed_facts'
]

if HAS_MMROTATE:
    from .merged_rbox_ap_metric import MergedRBoxAPMetric
    from .rbox_ap_metric import RBoxAPMetric

    __all__ += ['MergedRBoxAPMetric', 'RBoxAPMetric']
else:
    __getattr__ = absent_without_mmrotate(
        __name__, 'MergedRBoxAPMetric', 'RBoxAPMetric')
