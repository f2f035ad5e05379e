from .few_shot_coco_metric import FewShotCocoMetric
from .few_shot_voc_metric import FewShotVOCMetric
from .merged_rbox_ap_metric import MergedRBoxAPMetric
from .rbox_ap_metric import RBoxAPMetric

__all__ = [
    'FewShotCocoMetric', 'FewShotVOCMetric', 'MergedRBoxAPMetric',
    'RBoxAPMetric'
]
