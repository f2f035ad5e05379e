"""Mean and standard deviation of the pixels of a config's training images.

Research only, not a medical device. The paper subtracts "the global mean"
and divides by "the global standard deviation"; the released code has those of
ImageNet, as the configs here. This prints the data's own, for
model.data_preprocessor, of the images as the config loads them:
LoadCTSlice applies its window to DICOM, NIfTI and 16 bits.

Example:
    python tools/dataset_converters/ct_mean_std.py \
        configs/covid_ct_mask_net/cncb-r18_t1.py
"""
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.datasets.ct.pixel_statistics import mean_std, training_images
from mmextra.utils.command_line import (
    add_cfg_options,
    one_line_errors,
    read_config,
    tool_parser,
)


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('config')
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    with one_line_errors(parser, ImportError, OSError, ValueError):
        mean, std = mean_std(training_images(read_config(args)))
    for name, values in (('mean', mean), ('std', std)):
        print(f'{name}={[round(float(v), 3) for v in values]},')


if __name__ == '__main__':
    main()
