from .lcb_pafpn import LCBPAFPN
from .unet_neck import UNetNeck

__all__ = ['LCBPAFPN', 'UNetNeck']
