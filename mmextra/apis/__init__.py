from mmextra.evaluation.functional import (
    image_tiles,
    parse_tile_id,
    tile_starts,
)

from .tiled_inference import read_image, tiled_inference

__all__ = [
    'image_tiles', 'parse_tile_id', 'read_image', 'tile_starts',
    'tiled_inference'
]
