from .critical_areas import (
    predicted_masks,
    roi_rows,
    score_area,
    score_map,
    top_areas,
)
from .picture_visualizer import PictureVisualizer
from .pictures import draw_boxes, enlarge, enlargement, place_labels

__all__ = [
    'PictureVisualizer', 'draw_boxes', 'enlarge', 'enlargement',
    'place_labels', 'predicted_masks', 'roi_rows', 'score_area', 'score_map',
    'top_areas'
]
