"""Draw where forecasts of a video are wrong (Fig. 6).

The first row shows the frames, each other row the squared error of the
forecast for that frame by a policy: the more yellow, the larger, on one scale
for all. A red border says that the detector saw a forecast, not the frame
before.

Example:
    python tools/analysis_tools/forecast_errors.py CONFIG CHECKPOINT \
        --video 3 --threshold .5 --alternate 2 --out errors.png
"""
from typing import List, Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
import cv2
import numpy as np

from mmextra.apis.analysis.error_maps import draw_errors, error_maps
from mmextra.apis.analysis.forecast_sweep import Sweep, policies
from mmextra.apis.video_replay import Stopwatch, keep_videos
from mmextra.utils.command_line import (
    add_cfg_options,
    one_line_errors,
    tool_parser,
)


def main(argv: Optional[Sequence[str]] = None) -> List[dict]:
    """Command line; returns the mean errors by policy."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('--out', required=True, help='the picture')
    parser.add_argument('--video', type=int, default=0,
                        help='position in the data set')
    parser.add_argument('--first', type=int, default=0,
                        help='frame to begin with')
    parser.add_argument('--frames', type=int, default=8)
    parser.add_argument('--threshold', type=float, nargs='*', default=[.5])
    parser.add_argument('--change', type=float, nargs='*', default=[])
    parser.add_argument('--alternate', type=int, nargs='*', default=[2])
    parser.add_argument('--split', choices=['val', 'test'], default='test')
    parser.add_argument('--device', default='cpu')
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    with one_line_errors(parser, ValueError):
        sweep = Sweep(args.config, args.checkpoint, split=args.split,
                      device=args.device, options=args.cfg_options)
        settings = policies(
            args.threshold, args.alternate,
            changes=[dict(threshold=value) for value in args.change])
        videos = list(keep_videos(sweep.model, sweep.dataset, Stopwatch(
            sweep.device), 1, first=args.video))
        if not videos or len(videos[0].maps) < args.first + 2:
            parser.error(f'there is no video {args.video} with a frame '
                         f'behind frame {args.first}; the data set has '
                         f'{len(sweep.dataset)} videos')
        video, = videos
        rows = [error_maps(sweep.model, video, sweep.policy_of(setting))
                for setting in settings]
    end = min(args.first + args.frames, len(video.maps) - 1)
    images = [cv2.imread(sample.img_path)
              for sample in video.samples[args.first + 1:end + 1]]
    picture = draw_errors([row[args.first:end] for row in rows], images,
                          [setting['name'] for setting in settings])
    cv2.imwrite(args.out, picture)
    means = []
    for setting, row in zip(settings, rows):
        mean = float(np.mean([each.error.mean() for each in row[:-1]]))
        means.append(dict(name=setting['name'], error=mean))
        print(f'{setting["name"]}: mean error {mean:.4g}')
    return means


if __name__ == '__main__':
    main()
