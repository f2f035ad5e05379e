from .box_iou import box_iou
from .dota_txt import DOTALine, DOTAObjects, parse_dota_line, read_dota_txt
from .rotated_iou import box_corners, polygon_area, rotated_iou, rotated_nms
from .tile_merging import merge_nms, move_boxes
from .tiling import (
    Tile,
    cut_tile,
    image_tiles,
    is_sliver,
    parse_tile_id,
    tile_starts,
)

__all__ = [
    'DOTALine', 'DOTAObjects', 'Tile', 'box_corners', 'box_iou', 'cut_tile',
    'image_tiles', 'is_sliver', 'merge_nms', 'move_boxes', 'parse_dota_line',
    'parse_tile_id', 'polygon_area', 'read_dota_txt', 'rotated_iou',
    'rotated_nms', 'tile_starts'
]
