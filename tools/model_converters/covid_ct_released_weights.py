"""Convert weights in the layout of the released COVID-CT-Mask-Net.

Research only, not a medical device. The released files are torchvision-like
Mask R-CNNs that also pickle objects of the authors' code; nothing of theirs
is executed here, unknown classes become empty ones.

Not tried on a released file, which were not at hand; the layout was tried on
weights renamed the other way round. Their network has rounded anchors: set
model.rpn_head.anchor_generator.type to RoundedAnchorGenerator.

Example:
    python tools/model_converters/covid_ct_released_weights.py \
        released.pth configs/covid_ct_mask_net/cncb-r18_t1.py converted.pth
"""
import argparse
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.model_converters import from_released, load_tensors
from mmextra.utils.command_line import tool_parser
from mmextra.utils.weight_converter import Weights, run_converter


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('weights', help='in the released layout')
    parser.add_argument('config', help='that the weights are for')

    def made(model, args: argparse.Namespace) -> Weights:
        weights = from_released(load_tensors(args.weights))
        model.load_state_dict(weights)
        return weights

    run_converter(parser, made, argv)


if __name__ == '__main__':
    main()
