"""Batch normalisation with batches of one image, in training and tests."""
from mmdet.registry import MODELS
from torch import nn


@MODELS.register_module()
class PerImageNorm(nn.InstanceNorm2d):
    """Channels less their mean in the image, by their deviation there.

    In training with one image per batch this is batch normalisation. In
    tests that takes means over the training images instead, and where few
    images differ much, the layers behind see what they have never seen. This
    takes the image's own there, too, whatever the size of the batch. In a
    ResNet the layers are called as those of batch normalisation, so the
    weights of either load into the other; running statistics are left over.

    Not in the COVID-CT-Mask-Net paper, which trains with one image per
    batch, but for long.

    Args:
        num_features (int): Number of channels.
        eps (float): Added to the variance.
        momentum (float): Not used; configs of batch normalisation give it.
    """

    _abbr_ = 'bn'

    def __init__(self, num_features: int, eps: float = 1e-5,
                 momentum: float = 0.1) -> None:
        super().__init__(num_features, eps=eps, momentum=momentum,
                         affine=True)
