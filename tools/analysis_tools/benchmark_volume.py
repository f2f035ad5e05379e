"""Time of an epoch over the slices of a packed NIfTI volume.

Research only, not a medical device. Writes a synthetic volume into a
temporary folder, loads its slices once in random order by LoadCTSlice, and
counts how often the whole volume is unpacked; the same volume without packing
(.nii), of which only the slices are read, beside it. Needs nibabel (pip
install -r requirements/ct.txt).

Example:
    python tools/analysis_tools/benchmark_volume.py --slices 300
"""
from typing import Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.volume_speed import volume_speed
from mmextra.utils.command_line import (
    add_json_output,
    one_line_errors,
    print_table,
    require_positive,
    save_rows,
    tool_parser,
)


def main(argv: Optional[Sequence[str]] = None) -> dict:
    """Command line; returns the row of ``volume_speed``."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('--slices', type=int, default=300)
    parser.add_argument('--side', type=int, default=512,
                        help='of a slice in pixels')
    add_json_output(parser)
    args = parser.parse_args(argv)
    require_positive(parser, args, 'slices', 'side')
    with one_line_errors(parser, ImportError):
        row = volume_speed(args.slices, args.side)
    print_table(
        ('slices', '.nii.gz, s', 'unpacked', 'unpacking once, s', '.nii, s'),
        [(str(row['slices']), f'{row["packed_s"]:.2f}',
          f'{row["unpackings"]} times', f'{row["one_s"]:.2f}',
          f'{row["unpacked_s"]:.2f}')],
        f'one epoch, {args.side} x {args.side}, process time', 100)
    save_rows(args.out, [row])
    return row


if __name__ == '__main__':
    main()
