from .larsd_head import LARSDHead
from .lasa_head import LASAHead, LASAMixin, LASARetinaHead

__all__ = ['LARSDHead', 'LASAHead', 'LASAMixin', 'LASARetinaHead']
