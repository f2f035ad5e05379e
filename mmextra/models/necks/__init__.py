from .single_level_fpn import SingleLevelFPN
from .unet_neck import UNetNeck

__all__ = ['SingleLevelFPN', 'UNetNeck']
