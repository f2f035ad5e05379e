from mmextra.structures import image_tiles, parse_tile_id, tile_starts

from .few_shot import init_few_shot_detector, process_support_images
from .frame_source import ImageFolder, open_source
from .init_detector import init_detector
from .stream_detector import (
    StreamDetector,
    init_stream_detector,
    optimize_for_inference,
)
from .tiled_inference import read_image, tiled_inference

__all__ = [
    'ImageFolder', 'StreamDetector', 'image_tiles', 'init_detector',
    'init_few_shot_detector', 'init_stream_detector', 'open_source',
    'optimize_for_inference', 'parse_tile_id', 'process_support_images',
    'read_image', 'tile_starts', 'tiled_inference'
]
