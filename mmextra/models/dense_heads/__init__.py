from .larsd_head import LARSDHead
from .lasa_head import LASAHead, LASAMixin, LASARetinaHead
from .yolov5_head import YOLOv5Head

__all__ = [
    'LARSDHead', 'LASAHead', 'LASAMixin', 'LASARetinaHead', 'YOLOv5Head'
]
