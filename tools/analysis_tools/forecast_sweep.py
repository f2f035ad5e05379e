"""Accuracy over speed of a feature forecast, by the policy of reading.

The maps of the backbone do not depend on the policy, so they are computed
once per video and every policy replays them. Frames per second follow from
the measured times of backbone and of the rest (medians, without loading).

"alternate k" reads every k-th frame; "hold k" does so too, but repeats the
last map where a forecast is wanted: the forecast must beat it.
forecast_vs_copy is the squared error of the forecast maps relative to that of
repeating the last map, with every frame read.

Example:
    python tools/analysis_tools/forecast_sweep.py CONFIG CHECKPOINT --hold \
        --out sweep.json --plot sweep.png
"""
from pathlib import Path
from typing import List, Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.forecast_sweep import (
    VALUES,
    Sweep,
    over_alternate,
    plot,
    policies,
)
from mmextra.utils.command_line import (
    add_cfg_options,
    add_json_output,
    print_table,
    save_rows,
    tool_parser,
)


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the rows."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('--thresholds', type=float, nargs='+',
                        default=[1, .9, .7, .5, .3, .1, -1])
    parser.add_argument('--max-forecasts', type=int,
                        help='with the scheduler, read after so many '
                        'forecasts in a row')
    parser.add_argument('--cumulative', action='store_true', default=None,
                        help='compare the product of the confidences since '
                        'the last read, whatever the config says')
    parser.add_argument('--no-cumulative', action='store_false',
                        dest='cumulative',
                        help='compare each confidence alone')
    parser.add_argument('--alternate', type=int, nargs='*',
                        default=[2, 3, 4, 6, 8])
    parser.add_argument('--hold', action='store_true',
                        help='also repeat the last map in place of forecasts')
    parser.add_argument('--baseline', nargs=2,
                        metavar=('CONFIG', 'CHECKPOINT'),
                        help='a detector without forecast, for comparison')
    parser.add_argument('--split', choices=['val', 'test'], default='test')
    parser.add_argument('--max-videos', type=int)
    parser.add_argument('--device', default='cpu')
    add_json_output(parser)
    parser.add_argument('--plot', type=Path, help='write a picture')
    parser.add_argument('--title', default='')
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    same = dict(split=args.split, device=args.device,
                max_videos=args.max_videos, options=args.cfg_options)
    settings = policies(
        args.thresholds, args.alternate, hold=args.hold,
        max_forecasts=args.max_forecasts, cumulative=args.cumulative)
    sweep = Sweep(args.config, args.checkpoint, **same)
    rows = sweep.run(settings)
    if args.baseline:
        rows += Sweep(*args.baseline, **same).run(settings)
    gains = over_alternate([r for r in rows if r['model'] == sweep.name])
    print_table(
        ('model', 'policy', 'forecasts', 'fps', *VALUES),
        [(row['model'], row['name'], f'{row["ratio"]:.3f}',
          f'{row["fps"]:.1f}', *(f'{row.get(key, float("nan")):.4f}'
                                 for key in VALUES)) for row in rows],
        width=120)
    for name, gain in gains.items():
        print(f'scheduler over {name} at its ratio: {gain:+.4f} mAP')
    if sweep.forecast_vs_copy is not None:
        print(f'forecast_vs_copy {sweep.forecast_vs_copy:.4f}')
    save_rows(args.out, dict(rows=rows, over_alternate=gains,
                             forecast_vs_copy=sweep.forecast_vs_copy))
    if args.plot:
        plot(rows, args.plot, args.title or sweep.name)
    return rows


if __name__ == '__main__':
    main()
