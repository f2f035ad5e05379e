from .merged_rbox_ap_metric import MergedRBoxAPMetric
from .rbox_ap_metric import RBoxAPMetric

__all__ = ['MergedRBoxAPMetric', 'RBoxAPMetric']
