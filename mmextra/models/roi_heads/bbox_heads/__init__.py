from .nonempty_bbox_head import NonEmptyShared2FCBBoxHead

__all__ = ['NonEmptyShared2FCBBoxHead']
