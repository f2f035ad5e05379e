from .lcb_darknet import LCBDarknet
from .truncated_resnet import TruncatedResNet

__all__ = ['LCBDarknet', 'TruncatedResNet']
