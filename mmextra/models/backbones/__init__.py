from .lcb_darknet import LCBDarknet
from .torchvision_mobilenet_v2 import mobilenet_v2_from_torchvision
from .truncated_resnet import TruncatedResNet

__all__ = [
    'LCBDarknet', 'TruncatedResNet', 'mobilenet_v2_from_torchvision'
]
