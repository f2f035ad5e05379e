from .imagenet_vid_metric import ImageNetVIDMetric, speed_facts
from .merged_rbox_ap_metric import MergedRBoxAPMetric
from .rbox_ap_metric import RBoxAPMetric

__all__ = [
    'ImageNetVIDMetric', 'MergedRBoxAPMetric', 'RBoxAPMetric', 'speed_facts'
]
