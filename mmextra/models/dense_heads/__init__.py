from .larsd_head import LARSDHead
from .lasa_head import LASAHead, LASAMixin, LASARetinaHead
from .lcrpn_head import LCRPNHead
from .yolov5_head import YOLOv5Head

__all__ = [
    'LARSDHead', 'LASAHead', 'LASAMixin', 'LASARetinaHead', 'LCRPNHead',
    'YOLOv5Head'
]
