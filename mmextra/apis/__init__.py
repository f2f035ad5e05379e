from .tiled_inference import read_image, tiled_inference
from .tiling import image_tiles, parse_tile_id, tile_starts

__all__ = [
    'image_tiles', 'parse_tile_id', 'read_image', 'tile_starts',
    'tiled_inference'
]
