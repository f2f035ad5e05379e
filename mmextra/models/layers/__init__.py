from .yolo_blocks import (
    LSM,
    Dres2Layer,
    Res2Unit,
    SPPFBottleneck,
    SPPSBottleneck,
)

__all__ = [
    'LSM', 'Dres2Layer', 'Res2Unit', 'SPPFBottleneck', 'SPPSBottleneck'
]
