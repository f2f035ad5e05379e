from .lcb_darknet import LCBDarknet

__all__ = ['LCBDarknet']
