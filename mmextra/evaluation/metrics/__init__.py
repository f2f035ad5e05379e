from .det_pr_metric import DetPRMetric
from .merged_rbox_ap_metric import MergedRBoxAPMetric
from .rbox_ap_metric import RBoxAPMetric

__all__ = ['DetPRMetric', 'MergedRBoxAPMetric', 'RBoxAPMetric']
