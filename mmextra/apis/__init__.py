from mmextra.evaluation.functional import (
    image_tiles,
    parse_tile_id,
    tile_starts,
)

from .few_shot import init_few_shot_detector, process_support_images
from .tiled_inference import read_image, tiled_inference

__all__ = [
    'image_tiles', 'init_few_shot_detector', 'parse_tile_id',
    'process_support_images', 'read_image', 'tile_starts', 'tiled_inference'
]
