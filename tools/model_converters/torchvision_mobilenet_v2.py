"""Give torchvision's ImageNet MobileNetV2 the names of mmdet's.

For init_cfg=dict(type='Pretrained', checkpoint=OUT) of the backbone.

Example:
    python tools/model_converters/torchvision_mobilenet_v2.py \
        torchvision://mobilenet_v2 weights/mobilenet_v2.pth
    python tools/model_converters/torchvision_mobilenet_v2.py \
        mobilenet_v2-b0353104.pth weights/mobilenet_v2.pth
"""
from pathlib import Path
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.models.backbones import mobilenet_v2_from_torchvision
from mmextra.utils.command_line import one_line_errors, tool_parser
from mmextra.utils.weight_converter import convert_file


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument(
        'weights', help='a file, or torchvision://mobilenet_v2, which needs '
        'torchvision and is downloaded')
    parser.add_argument('out', type=Path)
    args = parser.parse_args(argv)
    with one_line_errors(parser):
        number = convert_file(args.weights, args.out,
                              mobilenet_v2_from_torchvision)
    print(f'{args.out}: {number} tensors')


if __name__ == '__main__':
    main()
