from .box_iou import box_iou
from .class_wise_nms import class_wise_nms
from .convex_overlap import polygon_area
from .dota_txt import DOTALine, DOTAObjects, parse_dota_line, read_dota_txt
from .rotated_iou import box_corners, rotated_iou
from .rotated_nms import rotated_nms
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
    'DOTALine', 'DOTAObjects', 'Tile', 'box_corners', 'box_iou',
    'class_wise_nms', 'cut_tile', 'image_tiles', 'is_sliver', 'merge_nms',
    'move_boxes', 'parse_dota_line', 'parse_tile_id', 'polygon_area',
    'read_dota_txt', 'rotated_iou', 'rotated_nms', 'tile_starts'
]
