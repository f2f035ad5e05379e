"""Accuracy over speed of a feature forecast, by the policy of reading.

The maps of the backbone do not depend on the policy, so they are computed
once per video and every policy replays them. Frames per second follow from
the measured times of backbone and of the rest (medians, without loading).

"alternate k" reads every k-th frame (1.5: two of three), "change T" as the
policy by change does.
--between says what is shown where a frame is not read: detections on its
forecast, or without running the network the last boxes, repeated or moved.
Thresholds by change are learnt for shares of unread frames from other videos.

Differences have intervals by a bootstrap over videos, paired. --live runs
every policy on a source that does not wait; sAP compares what is shown at the
moment of every frame with that frame, and with "ahead" the result is that of
peeking ahead by its own delay. --ahead compares what is known of frames so
many frames before. forecast_vs_copy is the squared error of the forecast maps
relative to that of repeating the last map, with every frame read.

Example:
    python tools/analysis_tools/forecast_sweep.py CONFIG CHECKPOINT \
        --between forecast repeat move --change-shares .3 .5 .65 \
        --ahead 1 2 --live 30 --out sweep.json --plot sweep.png
"""
from pathlib import Path
from typing import List, Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.forecast_sweep import VALUES, Sweep, policies
from mmextra.apis.analysis.sweep_report import (
    over_fixed,
    over_repeated,
    plot,
    print_report,
)
from mmextra.utils.command_line import (
    add_cfg_options,
    add_json_output,
    one_line_errors,
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
    parser.add_argument('--no-cumulative', dest='cumulative',
                        action='store_false', help='each confidence alone')
    parser.add_argument('--alternate', type=float, nargs='*',
                        default=[2, 3, 4, 6, 8])
    parser.add_argument('--between', nargs='+',
                        choices=['forecast', 'repeat', 'move'],
                        default=['forecast'],
                        help='what is shown where a frame is not read')
    parser.add_argument('--change', type=float, nargs='*', default=[],
                        help='thresholds of the policy by change')
    parser.add_argument('--change-shares', type=float, nargs='*', default=[],
                        help='learn them for shares of unread frames')
    parser.add_argument('--learn', metavar='ANN_FILE',
                        help='from these videos, by default those of val')
    parser.add_argument('--live', type=float, metavar='FPS',
                        help='also as a live source of this speed')
    parser.add_argument('--latency-ms', type=float, nargs=2,
                        metavar=('READ', 'BETWEEN'),
                        help='with --live, in place of what is measured')
    parser.add_argument('--ahead', type=int, nargs='*', default=[],
                        help='also what is known so many frames before')
    parser.add_argument('--draws', type=int, default=1000,
                        help='of the bootstrap over videos')
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
    sweep = Sweep(args.config, args.checkpoint, **same)
    # Before the long part, for it may not fit.
    baseline = Sweep(*args.baseline, **same) if args.baseline else None
    changes = [dict(threshold=value) for value in args.change]
    if args.change_shares:
        with one_line_errors(parser, ValueError):
            changes += sweep.learn(args.change_shares, args.learn,
                                   args.max_forecasts)
        for each in changes[len(args.change):]:
            print('learnt threshold {threshold:g} for {share:.0%} unread '
                  'frames'.format(**each))
    settings = policies(
        args.thresholds, args.alternate, changes=changes,
        between=args.between, max_forecasts=args.max_forecasts,
        cumulative=args.cumulative)
    more = dict(live_fps=args.live, latency_ms=args.latency_ms)
    rows = sweep.run(settings, ahead=args.ahead, between=args.between, **more)
    # Whoever stops it from here on loses nothing of what was measured.
    save_rows(args.out, dict(rows=rows))
    others = [] if baseline is None else baseline.run(settings, **more)
    save_rows(args.out, dict(rows=rows + others))
    gains = over_fixed(rows, sweep.aps, args.draws)
    known = over_repeated(sweep.aps, args.between, args.ahead, args.draws)
    found = dict(over_fixed=gains, over_repeated=known,
                 forecast_vs_copy=sweep.forecast_vs_copy)
    rows += others
    print_report(rows, gains, known, (*VALUES, 'sAP', 'sAP_ahead'))
    if sweep.forecast_vs_copy is not None:
        print(f'forecast_vs_copy {sweep.forecast_vs_copy:.4f}')
    save_rows(args.out, dict(rows=rows, **found))
    if args.plot:
        plot(rows, args.plot, args.title or sweep.name)
    return rows


if __name__ == '__main__':
    main()
