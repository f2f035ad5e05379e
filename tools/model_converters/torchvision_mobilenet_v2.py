"""Give torchvision's ImageNet MobileNetV2 the names of mmdet's.

For init_cfg=dict(type='Pretrained', checkpoint=OUT) of the backbone.

Example:
    python tools/model_converters/torchvision_mobilenet_v2.py \
        torchvision://mobilenet_v2 weights/mobilenet_v2.pth
    python tools/model_converters/torchvision_mobilenet_v2.py \
        mobilenet_v2-b0353104.pth weights/mobilenet_v2.pth
"""
import argparse
from pathlib import Path
from pickle import UnpicklingError
from typing import List, Optional

import torch
from mmengine.runner import CheckpointLoader

from mmextra.models.backbones import mobilenet_v2_from_torchvision


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog=Path(__file__).stem, description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'weights', help='a file, or torchvision://mobilenet_v2, which needs '
        'torchvision and is downloaded')
    parser.add_argument('out', type=Path)
    args = parser.parse_args(argv)
    try:
        loaded = CheckpointLoader.load_checkpoint(args.weights, 'cpu')
        renamed = mobilenet_v2_from_torchvision(
            loaded.get('state_dict', loaded))
    except (OSError, ValueError, RuntimeError, ImportError,
            UnpicklingError) as error:
        parser.exit(1, f'{parser.prog}: {args.weights}: {error}\n')
    args.out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(renamed, args.out)
    print(f'{args.out}: {len(renamed)} tensors')


if __name__ == '__main__':
    main()
