"""Make the start of a classifier's training from a segmentation checkpoint.

Research only, not a medical device. load_from does the same, but also takes a
checkpoint of another depth, of which it loads what fits and logs the rest.
Here every weight of the classifier but those of img_head must be in the
checkpoint, with the same shape; mask modules are left out.

Example:
    python tools/model_converters/seg_to_classifier.py \
        configs/covid_ct_mask_net/covidx-r18_t1.py \
        work_dirs/cncb-r18_t1/epoch_100.pth classifier_start.pth
"""
import argparse
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.model_converters import to_classifier
from mmextra.utils.command_line import tool_parser
from mmextra.utils.weight_converter import (
    Weights,
    load_weights,
    run_converter,
)


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('config', help='of the classifier')
    parser.add_argument('checkpoint', help='of the segmentation model')

    def made(model, args: argparse.Namespace) -> Weights:
        return to_classifier(load_weights(args.checkpoint), model)

    run_converter(parser, made, argv, ', without img_head')


if __name__ == '__main__':
    main()
