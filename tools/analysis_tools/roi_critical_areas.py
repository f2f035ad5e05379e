"""Show which regions of CT slices a classification rests on.

Research only, not a medical device: not for diagnosis or triage.

For every image: <out-dir>/<name>.json (class, logits, score, label, box and
area of every RoI without replicas), <name>_areas.png (histogram of scores,
areas against scores; of the best RoIs and of all) and, with the segmentation
model, <name>_map.npy (raw mask scores of the best RoIs in one map) and
<name>_panel.png (boxes and scores, map, ground truth, logits). The name is
that of the image without extension, for a volume with the slice (scan#12).

Example:
    python tools/analysis_tools/roi_critical_areas.py \
        configs/covid_ct_mask_net/synthetic-classifier.py \
        work_dirs/synthetic-classifier/epoch_6.pth \
        --list test_COVIDx-CT.txt --max-images 6 \
        --seg-config configs/covid_ct_mask_net/synthetic.py \
        --seg-checkpoint work_dirs/synthetic/epoch_8.pth
"""
from pathlib import Path
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.critical_areas import show_critical_areas
from mmextra.utils.command_line import one_line_errors, tool_parser


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('config', help='of the classifier')
    parser.add_argument('checkpoint')
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument('--list', help='list of images, as ann_file')
    which.add_argument('--images', nargs='+', default=[], help='image files')
    parser.add_argument('--seg-config', help='of the segmentation model')
    parser.add_argument('--seg-checkpoint')
    parser.add_argument('--topk', type=int, default=16,
                        help='RoIs in the left plots')
    parser.add_argument('--map-topk', type=int, default=8,
                        help='RoIs in the map')
    parser.add_argument('--max-images', type=int, default=100)
    parser.add_argument('--log', action='store_true',
                        help='logarithmic counts in the histograms')
    parser.add_argument('--out-dir', type=Path, default=Path('outputs'))
    parser.add_argument('--device', default='cpu')
    args = parser.parse_args(argv)
    if bool(args.seg_config) != bool(args.seg_checkpoint):
        parser.error('give both --seg-config and --seg-checkpoint, or none')
    with one_line_errors(parser, ImportError, OSError, ValueError):
        show_critical_areas(
            (args.config, args.checkpoint), args.out_dir,
            segmentation=args.seg_config and (args.seg_config,
                                              args.seg_checkpoint),
            ann_file=args.list, images=args.images,
            max_images=args.max_images, topk=args.topk,
            map_topk=args.map_topk, log=args.log, device=args.device)


if __name__ == '__main__':
    main()
