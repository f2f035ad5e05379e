"""Find the sampling points of LASA that suit a trained detector.

The network runs once on every image. Its raw outputs stay in memory, and
each setting only scores and suppresses their boxes again; nothing is
trained. Values are fractions; the best of each column is marked by *.
Settings chosen on the test set flatter it: prefer ``--split val`` where the
two differ.

Examples:
    python tools/analysis_tools/sweep_lasa.py configs/larsd/hrsc2016.py \
        work_dirs/hrsc2016/iter_90000.pth --out sweep.md
    python tools/analysis_tools/sweep_lasa.py CONFIG CHECKPOINT \
        --patterns diamond9 --extents 0.5 0.8 --modes geomean
"""
from pathlib import Path
from typing import Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.lasa_sweep import (
    IOU_THRS,
    WRITERS,
    cells,
    settings_of,
    sweep,
)
from mmextra.models.task_modules.lasa import DEFAULT_EXTENTS, MODES
from mmextra.utils.command_line import (
    add_cfg_options,
    best_device,
    one_line_errors,
    print_table,
    read_config,
    require_files,
    tool_parser,
)
from mmextra.utils.files import write_atomic


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('config', type=Path)
    parser.add_argument('checkpoint', help='a file, or mmextra://NAME')
    parser.add_argument('--patterns', nargs='+', choices=DEFAULT_EXTENTS,
                        default=list(DEFAULT_EXTENTS))
    parser.add_argument('--extents', nargs='+', type=float,
                        default=[0.5, 0.667, 0.8, 0.9])
    parser.add_argument('--modes', nargs='+', choices=MODES,
                        default=list(MODES))
    parser.add_argument('--split', choices=['test', 'val'], default='test')
    parser.add_argument('--max-cache', type=float, default=2., metavar='GIB',
                        help='beyond it outputs are kept in half precision')
    parser.add_argument('--out', type=Path, help='FILE.json or FILE.md')
    add_cfg_options(parser)
    parser.add_argument('--device', default=best_device())
    args = parser.parse_args(argv)
    with one_line_errors(parser, FileNotFoundError, KeyError, ValueError):
        settings = settings_of(args.patterns, args.extents, args.modes)
        require_files(args, 'config', 'checkpoint')
        if args.out and args.out.suffix not in WRITERS:
            raise ValueError(f'--out must end in {" or ".join(WRITERS)}, got '
                             f'{args.out}')
        result = dict(
            config=str(args.config), checkpoint=args.checkpoint,
            split=args.split, iou_thrs=IOU_THRS,
            **sweep(read_config(args), args.checkpoint, settings,
                    args.split, args.device, int(args.max_cache * 2**30)))
    heading, *body = cells(result['rows'])
    print_table(
        heading, [[f'[bold]{cell}[/]' if cell.endswith('*') else cell
                   for cell in line] for line in body],
        f'{args.config.name}, {args.split} set')
    print(result['cache'])
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(args.out, WRITERS[args.out.suffix](result))
        print(f'written to {args.out}')


if __name__ == '__main__':
    main()
