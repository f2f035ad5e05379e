"""Mathematics of the metrics.

The geometry lives in :mod:`mmextra.structures`, the reading of DOTA's files
in :mod:`mmextra.datasets`; their names are importable from here too, where
version 0.1 had them.
"""
from mmextra.datasets.dota_txt import read_dota_txt
from mmextra.structures import (
    DOTALine,
    DOTAObjects,
    Tile,
    box_corners,
    box_iou,
    cut_tile,
    image_tiles,
    is_sliver,
    merge_nms,
    move_boxes,
    parse_dota_line,
    parse_tile_id,
    polygon_area,
    rotated_iou,
    rotated_nms,
    tile_starts,
)

from .precision_recall import (
    ClassCurves,
    average_precision,
    best_confidence,
    class_curves,
    covered_share,
    match_best_gt,
)
from .rotated_ap import ClassAP, match_detections, rotated_average_precision
from .stream_speed import break_even_ratio, fps_model
from .streaming import next_frame, shown_at_frames, streaming_frames
from .video_ap import (
    MOTION_RANGES,
    FrameMatches,
    frame_motion,
    match_frame,
    motion_iou,
    video_average_precision,
)
from .video_bootstrap import VideoAP, bootstrap_difference

__all__ = [
    'ClassAP', 'ClassCurves', 'DOTALine', 'DOTAObjects', 'FrameMatches',
    'MOTION_RANGES', 'Tile', 'VideoAP', 'average_precision',
    'best_confidence', 'bootstrap_difference', 'box_corners', 'box_iou',
    'break_even_ratio', 'class_curves',
    'covered_share', 'cut_tile', 'fps_model', 'frame_motion', 'image_tiles',
    'is_sliver', 'match_best_gt', 'match_detections', 'match_frame',
    'merge_nms', 'motion_iou', 'move_boxes', 'next_frame',
    'parse_dota_line', 'parse_tile_id', 'polygon_area', 'read_dota_txt',
    'rotated_average_precision', 'rotated_iou', 'rotated_nms',
    'shown_at_frames', 'streaming_frames', 'tile_starts',
    'video_average_precision'
]
