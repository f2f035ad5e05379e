from .unet_neck import UNetNeck

__all__ = ['UNetNeck']
