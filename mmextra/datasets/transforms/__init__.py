from .few_shot import CropInstance, CropResizeInstance, square_crop
from .load_image_or_skip import LoadImageOrSkip
from .rbox_random_crop import RBoxRandomCrop, visible_fraction

__all__ = [
    'CropInstance', 'CropResizeInstance', 'LoadImageOrSkip',
    'RBoxRandomCrop', 'square_crop', 'visible_fraction'
]
