from .centered_random_affine import CenteredRandomAffine
from .load_image_or_skip import LoadImageOrSkip
from .load_instances import LoadInstances
from .rbox_random_crop import RBoxRandomCrop, visible_fraction

__all__ = [
    'CenteredRandomAffine', 'LoadImageOrSkip', 'LoadInstances',
    'RBoxRandomCrop', 'visible_fraction'
]
