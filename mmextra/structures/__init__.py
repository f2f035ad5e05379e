from .box_iou import box_iou
from .box_kinds import require_rotated
from .rotated_iou import box_corners, polygon_area, rotated_iou, rotated_nms
from .tile_merging import merge_nms, move_boxes
from .tiling import (
    Tile,
    cut_tile,
    image_tiles,
    is_sliver,
    locate_tile,
    parse_tile_id,
    tile_starts,
)

__all__ = [
    'Tile', 'box_corners', 'box_iou', 'cut_tile', 'image_tiles', 'is_sliver',
    'locate_tile', 'merge_nms', 'move_boxes', 'parse_tile_id', 'polygon_area',
    'require_rotated', 'rotated_iou', 'rotated_nms', 'tile_starts'
]
