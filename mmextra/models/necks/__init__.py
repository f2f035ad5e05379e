from .lcb_pafpn import LCBPAFPN
from .single_level_fpn import SingleLevelFPN
from .unet_neck import UNetNeck

__all__ = ['LCBPAFPN', 'SingleLevelFPN', 'UNetNeck']
