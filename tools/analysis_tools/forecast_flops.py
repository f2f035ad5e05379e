"""Parameters and multiplications of the parts of a feature forecast.

Convolutions and fully connected layers are counted by their shapes, biases,
activations and normalisation are not; the correlation as products over all
displacements. A read costs everything, a forecast all but the backbone (and
the neck, if the forecast is inserted after it).

Example:
    python tools/analysis_tools/forecast_flops.py \
        configs/feature_forecast/imagenet_vid.py
"""
import sys
from pathlib import Path
from typing import List, Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.forecast_macs import forecast_costs
from mmextra.models.detectors import FeatureForecastDetector
from mmextra.utils.command_line import (
    add_cfg_options,
    print_table,
    read_config,
    tool_parser,
)
from mmextra.utils.untrained_model import build_untrained


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the rows that it prints."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('config')
    parser.add_argument('--size', type=int, default=320)
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    model = build_untrained(read_config(args))
    if not isinstance(model, FeatureForecastDetector):
        sys.exit(f'{parser.prog}: the config has a {type(model).__name__}; '
                 'for it there is "python tools/mmdet_tool.py '
                 'analysis_tools/get_flops.py"')
    rows = forecast_costs(model, args.size)
    print_table(
        ('part', 'parameters, M', 'multiplications, M'),
        [(row['part'], f'{row["params"] / 1e6:.2f}',
          f'{row["macs"] / 1e6:.1f}') for row in rows],
        f'{Path(args.config).stem}, 1 x {args.size} x {args.size}', 100)
    return rows


if __name__ == '__main__':
    main()
