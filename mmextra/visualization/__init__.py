from .critical_areas import (
    predicted_masks,
    roi_rows,
    score_area,
    score_map,
    top_areas,
)

__all__ = [
    'predicted_masks', 'roi_rows', 'score_area', 'score_map', 'top_areas'
]
