from mmextra_runtime.convex_overlap import polygon_area
from mmextra_runtime.rotated_iou import box_corners, rotated_iou
from mmextra_runtime.rotated_nms import rotated_nms
from mmextra_runtime.tiling import (
    Tile,
    cut_tile,
    image_tiles,
    is_sliver,
    locate_tile,
    parse_tile_id,
    tile_starts,
)

from .box_iou import box_iou
from .box_kinds import require_rotated
from .class_wise_nms import class_wise_nms
from .dota_txt import (
    DOTALine,
    DOTAObjects,
    parse_dota_line,
    parse_dota_lines,
)
from .tile_merging import merge_nms, move_boxes

__all__ = [
    'DOTALine', 'DOTAObjects', 'Tile', 'box_corners', 'box_iou',
    'class_wise_nms', 'cut_tile', 'image_tiles', 'is_sliver', 'locate_tile',
    'merge_nms', 'move_boxes', 'parse_dota_line', 'parse_dota_lines',
    'parse_tile_id', 'polygon_area', 'require_rotated', 'rotated_iou',
    'rotated_nms', 'tile_starts'
]
