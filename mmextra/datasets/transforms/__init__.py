from .centered_random_affine import CenteredRandomAffine
from .load_image_or_skip import LoadImageOrSkip
from .rbox_random_crop import RBoxRandomCrop, visible_fraction

__all__ = [
    'CenteredRandomAffine', 'LoadImageOrSkip', 'RBoxRandomCrop',
    'visible_fraction'
]
