"""Detect on a live stream and show which frames were not read.

SOURCE is a video file, a folder of images or the number of a camera. Frames
detected from a forecast have a red border. To show or to write a frame it has
to be fetched even if the detector did not need it; that time is not part of
the model's frames per second.

Example:
    python tools/stream_demo.py video.mp4 CONFIG CHECKPOINT --threshold 0.5 \
        --out out.mp4
"""
import argparse
from pathlib import Path
from typing import Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis import init_stream_detector, open_source
from mmextra.apis.stream_demo import run_stream
from mmextra.utils.command_line import one_line_errors, tool_parser
from mmextra.utils.files import write_json


def policy_of(args: argparse.Namespace) -> dict:
    """Changes to the model's policy that the command line asks for."""
    policy = {}
    if args.threshold is not None:
        policy.update(mode='scheduler', threshold=args.threshold)
    if args.alternate is not None:
        policy.update(mode='alternate', interval=args.alternate)
    if args.max_forecasts is not None:
        policy.update(max_forecasts=args.max_forecasts)
    return policy


def main(argv: Optional[Sequence[str]] = None) -> dict:
    """Command line; returns the figures that it prints."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('source', help='video file, folder, camera number')
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--score-thr', type=float, default=0.3)
    parser.add_argument('--out', help='video file to write, .mp4 or .avi')
    parser.add_argument('--show', action='store_true')
    parser.add_argument('--wait-time', type=int, default=1,
                        help='milliseconds that a frame is shown')
    group = parser.add_mutually_exclusive_group()
    group.add_argument('--threshold', type=float,
                       help='p: forecast if the scheduler is surer')
    group.add_argument('--alternate', type=float,
                       help='read every so many frames')
    parser.add_argument('--max-forecasts', type=int,
                        help='read after so many forecasts in a row')
    parser.add_argument('--realtime', action='store_true',
                        help='skip frames to keep up with the source')
    parser.add_argument('--max-frames', type=int)
    parser.add_argument('--dump', type=Path, help='JSON file for results')
    parser.add_argument('--optimize', action='store_true',
                        help='fuse and reorder the model for speed')
    args = parser.parse_args(argv)
    with one_line_errors(parser, FileNotFoundError, ValueError):
        source = open_source(args.source)
        detector = init_stream_detector(
            args.config, args.checkpoint, args.device, policy_of(args),
            args.optimize)
        stats, lines = run_stream(
            detector, source, score_thr=args.score_thr, out=args.out,
            show=args.show, wait_time=args.wait_time,
            realtime=args.realtime, max_frames=args.max_frames)
    if args.dump:
        write_json(args.dump, lines)
    print(f'{stats["frames"]} frames, {stats["forecasts"]} of them forecast '
          f'({100 * stats["ratio"]:.0f} %), {stats["skipped"]} skipped; '
          f'model {stats["fps"]:.1f} fps, with source, drawing and writing '
          f'{stats["end_to_end_fps"]:.1f} fps')
    return stats


if __name__ == '__main__':
    main()
