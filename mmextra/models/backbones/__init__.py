from .lcb_darknet import LCBDarknet
from .torchvision_mobilenet_v2 import mobilenet_v2_from_torchvision
from .truncated_mobilenet_v2 import TruncatedMobileNetV2
from .truncated_resnet import TruncatedResNet

__all__ = [
    'LCBDarknet', 'TruncatedMobileNetV2', 'TruncatedResNet',
    'mobilenet_v2_from_torchvision'
]
