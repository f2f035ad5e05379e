from mmextra.utils import HAS_MMROTATE, absent_without_mmrotate

from .lasa_head import LASAHead, LASAMixin, LASARetinaHead
from .lcrpn_head import LCRPNHead
from .yolov5_head import YOLOv5Head

__all__ = [
    'LASAHead', 'LASAMixin', 'LASARetinaHead', 'LCRPNHead', 'YOLOv5Head'
]

if HAS_MMROTATE:
    from .larsd_head import LARSDHead

    __all__ += ['LARSDHead']
else:
    __getattr__ = absent_without_mmrotate(__name__, 'LARSDHead')
