from mmextra.utils import HAS_MMROTATE, absent_without_mmrotate

from .yolov5_bbox_coder import YOLOv5BBoxCoder, decode_relative

__all__ = ['YOLOv5BBoxCoder', 'decode_relative']

if HAS_MMROTATE:
    from .rotated_distance_coder import (
        RotatedDistanceCoder,
        both_descriptions,
        described_distance,
        distance2rbox,
        norm_angle_45,
        rbox2distance,
    )

    __all__ += [
        'RotatedDistanceCoder', 'both_descriptions', 'described_distance',
        'distance2rbox', 'norm_angle_45', 'rbox2distance'
    ]
else:
    __getattr__ = absent_without_mmrotate(
        __name__, 'RotatedDistanceCoder', 'both_descriptions',
        'described_distance', 'distance2rbox', 'norm_angle_45',
        'rbox2distance')
