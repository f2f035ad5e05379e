from .clip_broadcaster import ClipBroadcaster
from .clip_ssd_geometric import ClipSSDGeometric
from .load_image_or_skip import LoadImageOrSkip
from .rbox_random_crop import RBoxRandomCrop, visible_fraction
from .thinning_clip_sample import (
    ThinningClipSample,
    thinning_indices,
    thinning_qmax,
)

__all__ = [
    'ClipBroadcaster', 'ClipSSDGeometric', 'LoadImageOrSkip',
    'RBoxRandomCrop', 'ThinningClipSample', 'thinning_indices',
    'thinning_qmax', 'visible_fraction'
]
