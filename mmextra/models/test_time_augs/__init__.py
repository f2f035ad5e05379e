from .views_tta import ViewsTTAModel, undo_view

__all__ = ['ViewsTTAModel', 'undo_view']
