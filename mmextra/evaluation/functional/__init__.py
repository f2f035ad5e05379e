from .dota_txt import DOTAObjects, read_dota_txt
from .rotated_ap import ClassAP, match_detections, rotated_average_precision
from .rotated_iou import box_corners, polygon_area, rotated_iou, rotated_nms

__all__ = [
    'ClassAP', 'DOTAObjects', 'box_corners', 'match_detections',
    'polygon_area', 'read_dota_txt', 'rotated_average_precision',
    'rotated_iou', 'rotated_nms'
]
