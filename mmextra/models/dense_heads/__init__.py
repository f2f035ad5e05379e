from .larsd_head import LARSDHead
from .lasa_head import LASAHead, LASAMixin, LASARetinaHead
from .lcrpn_head import LCRPNHead

__all__ = [
    'LARSDHead', 'LASAHead', 'LASAMixin', 'LASARetinaHead', 'LCRPNHead'
]
