from mmextra.utils import (
    HAS_MMROTATE,
    HAS_VIDEO,
    absent_without_mmrotate,
    absent_without_video,
)

from .centered_random_affine import CenteredRandomAffine
from .clip_broadcaster import ClipBroadcaster
from .clip_ssd_geometric import ClipSSDGeometric
from .crop_to_body_box import CropToBodyBox
from .few_shot import CropInstance, CropResizeInstance, square_crop
from .load_ct_slice import LoadCTSlice, hu_window
from .load_image_from_file import LoadImageFromFile
from .load_image_or_skip import LoadImageOrSkip
from .load_instances import LoadInstances
from .pack_ct_inputs import PackCTInputs
from .quarter_turn import QuarterTurn
from .sem_seg_to_instances import SemSegToInstances

__all__ = [
    'CenteredRandomAffine', 'ClipBroadcaster', 'ClipSSDGeometric',
    'CropInstance', 'CropResizeInstance', 'CropToBodyBox', 'LoadCTSlice',
    'LoadImageFromFile', 'LoadImageOrSkip', 'LoadInstances', 'PackCTInputs',
    'QuarterTurn', 'SemSegToInstances', 'ThinningClipSample', 'hu_window',
    'square_crop'
]

if HAS_VIDEO:
    from .thinning_clip_sample import (
        ThinningClipSample,
        thinning_indices,
        thinning_qmax,
    )

    __all__ += ['thinning_indices', 'thinning_qmax']
else:
    absent_without_video(__name__, 'TRANSFORMS', 'ThinningClipSample')

if HAS_MMROTATE:
    from .rbox_random_crop import RBoxRandomCrop
    from .rbox_rotate import RBoxRotate
    from .visible_boxes import visible_fraction

    __all__ += ['RBoxRandomCrop', 'RBoxRotate', 'visible_fraction']
else:
    __getattr__ = absent_without_mmrotate(
        __name__, 'RBoxRandomCrop', 'RBoxRotate', 'visible_fraction')
