from .det_pr_metric import DetPRMetric
from .image_sensitivity_metric import ImageSensitivityMetric
from .lesion_mean_ap import LesionMeanAP
from .merged_rbox_ap_metric import MergedRBoxAPMetric
from .rbox_ap_metric import RBoxAPMetric

__all__ = [
    'DetPRMetric', 'ImageSensitivityMetric', 'LesionMeanAP',
    'MergedRBoxAPMetric', 'RBoxAPMetric'
]
