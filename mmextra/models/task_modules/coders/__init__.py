from .rotated_distance_coder import (
                                     RotatedDistanceCoder,
                                     distance2rbox,
                                     norm_angle_45,
                                     rbox2distance,
)

__all__ = [
    'RotatedDistanceCoder', 'distance2rbox', 'norm_angle_45', 'rbox2distance'
]
