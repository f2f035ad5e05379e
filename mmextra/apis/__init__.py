from mmextra.evaluation.functional import (
    image_tiles,
    parse_tile_id,
    tile_starts,
)

from .frame_source import ImageFolder, open_source
from .stream_detector import (
    StreamDetector,
    init_stream_detector,
    optimize_for_inference,
)
from .tiled_inference import read_image, tiled_inference

__all__ = [
    'ImageFolder', 'StreamDetector', 'image_tiles', 'init_stream_detector',
    'open_source', 'optimize_for_inference', 'parse_tile_id', 'read_image',
    'tile_starts', 'tiled_inference'
]
