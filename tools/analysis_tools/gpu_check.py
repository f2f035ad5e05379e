"""Check that everything runs on a GPU, and how fast; about ten minutes.

mmcv's operations and a training step and a test of every family of models in
fp32, bf16 and fp16, compared with the CPU; distributed training where there
are two GPUs; times and memory. Models are small and untrained, data is
synthetic and made where it is missing. Writes gpu_check.json and
gpu_check.md, which belong to any report of a problem.

Example:
    python tools/analysis_tools/gpu_check.py
    python tools/analysis_tools/gpu_check.py --device cpu --families LARSD
"""
import logging
import sys
from pathlib import Path
from typing import Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.evaluation.device_check import (
    FAMILIES,
    PRECISIONS,
    check_device,
    to_markdown,
)
from mmextra.utils.command_line import (
    one_line_errors,
    require_positive,
    tool_parser,
)
from mmextra.utils.files import write_atomic, write_json


def main(argv: Optional[Sequence[str]] = None) -> dict:
    """Command line; returns the report of ``check_device``."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('--device', default='cuda:0')
    parser.add_argument('--families', nargs='+', choices=FAMILIES,
                        metavar='FAMILY', help='all if not given; of '
                        + ', '.join(FAMILIES))
    parser.add_argument('--precisions', nargs='+', choices=PRECISIONS,
                        help='fp32 alone on a CPU, else all')
    parser.add_argument('--rounds', type=int, default=5,
                        help='of which times are the median')
    parser.add_argument('--configs', type=Path, default=Path(
        __file__).resolve().parents[2] / 'configs')
    parser.add_argument('--data', type=Path, default=Path(
        'work_dirs/gpu_check/data'))
    parser.add_argument('--out', type=Path, default=Path(
        'work_dirs/gpu_check'), help='folder of both files')
    args = parser.parse_args(argv)
    require_positive(parser, args, 'rounds')
    logging.disable(logging.INFO)
    precisions = args.precisions or (
        ['fp32'] if args.device == 'cpu' else list(PRECISIONS))
    with one_line_errors(parser):
        report = check_device(
            args.configs, args.data, args.device, args.families, precisions,
            args.rounds)
    args.out.mkdir(parents=True, exist_ok=True)
    write_json(args.out / 'gpu_check.json', report, indent=1)
    page = to_markdown(report)
    write_atomic(args.out / 'gpu_check.md', page)
    print(page)
    return report


if __name__ == '__main__':
    sys.exit(0 if main()['passed'] else 1)
