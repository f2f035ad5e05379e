from .rotated_distance_coder import (
                                     RotatedDistanceCoder,
                                     distance2rbox,
                                     norm_angle_45,
                                     rbox2distance,
)
from .yolov5_bbox_coder import YOLOv5BBoxCoder, decode_relative

__all__ = [
    'RotatedDistanceCoder', 'YOLOv5BBoxCoder', 'decode_relative',
    'distance2rbox', 'norm_angle_45', 'rbox2distance'
]
