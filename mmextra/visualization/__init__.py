from .critical_areas import roi_rows, score_area, score_map, top_areas

__all__ = ['roi_rows', 'score_area', 'score_map', 'top_areas']
