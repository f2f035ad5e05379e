from .box_iou import box_iou
from .dota_txt import DOTALine, DOTAObjects, parse_dota_line, read_dota_txt
from .precision_recall import (
    ClassCurves,
    average_precision,
    best_confidence,
    class_curves,
    covered_share,
    match_best_gt,
)
from .rotated_ap import ClassAP, match_detections, rotated_average_precision
from .rotated_iou import box_corners, polygon_area, rotated_iou, rotated_nms
from .stream_speed import break_even_ratio, fps_model
from .tiling import (
    Tile,
    cut_tile,
    image_tiles,
    is_sliver,
    merge_nms,
    move_boxes,
    parse_tile_id,
    tile_starts,
)
from .video_ap import (
    MOTION_RANGES,
    FrameMatches,
    frame_motion,
    match_frame,
    motion_iou,
    video_average_precision,
)

__all__ = [
    'ClassAP', 'ClassCurves', 'DOTALine', 'DOTAObjects', 'FrameMatches',
    'MOTION_RANGES', 'Tile', 'average_precision', 'best_confidence',
    'box_corners', 'box_iou', 'break_even_ratio', 'class_curves',
    'covered_share', 'cut_tile', 'fps_model', 'frame_motion', 'image_tiles',
    'is_sliver', 'match_best_gt', 'match_detections', 'match_frame',
    'merge_nms', 'motion_iou', 'move_boxes', 'parse_dota_line',
    'parse_tile_id', 'polygon_area', 'read_dota_txt',
    'rotated_average_precision', 'rotated_iou', 'rotated_nms', 'tile_starts',
    'video_average_precision'
]
