from .bbox_heads import NonEmptyShared2FCBBoxHead

__all__ = ['NonEmptyShared2FCBBoxHead']
