"""Show what a few-shot detector's RPN knows of each class.

Of every class: how well the score of an image's best proposal for it tells
images with the class from those without (area under ROC, 0.5 is chance), and
the share of its objects that the best proposals find. The last line has the
mean of the areas, and the recall of all objects.

Example:
    python tools/analysis_tools/few_shot_proposals.py \
        configs/gcn_fsod/synthetic-5shot-no_finetune.py \
        work_dirs/synthetic/iter_1500.pth
"""
from pathlib import Path
from typing import Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.analysis.class_proposals import (
    IOUS,
    class_proposals,
    over_classes,
)
from mmextra.utils.command_line import (
    add_cfg_options,
    add_json_output,
    best_device,
    one_line_errors,
    print_table,
    read_config,
    require_files,
    require_positive,
    save_rows,
    tool_parser,
)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('config', type=Path)
    parser.add_argument('checkpoint', help='a file, or mmextra://NAME')
    parser.add_argument('--tops', nargs='+', type=int, default=[5, 10, 50],
                        help='numbers of best proposals of an image')
    parser.add_argument('--classes', nargs='+',
                        help='only these, in the last line too')
    add_json_output(parser)
    add_cfg_options(parser)
    parser.add_argument('--device', default=best_device())
    args = parser.parse_args(argv)
    require_positive(parser, args, 'tops')
    with one_line_errors(parser, FileNotFoundError, TypeError, ValueError):
        require_files(args, 'config', 'checkpoint')
        rows = class_proposals(read_config(args), args.checkpoint, args.tops,
                               args.device)
        unknown = set(args.classes or ()) - {row['name'] for row in rows}
        if unknown:
            raise ValueError(f'--classes {" ".join(sorted(unknown))}: the '
                             'config has no such class')
    if args.classes:
        rows = [row for row in rows if row['name'] in args.classes]
    measures = ['auc', *(f'recall_{top}_{iou}'
                         for top in args.tops for iou in IOUS)]
    together = over_classes(rows)
    print_table(
        ['class', 'images', 'objects', 'AUC',
         *(f'R@{top}, IoU {iou}' for top in args.tops for iou in IOUS)],
        [[row['name'], str(row['images']), str(row['objects']),
          *(f'{row[key]:.3f}' for key in measures)] for row in rows] +
        [['together', '', '',
          *(f'{together[key]:.3f}' for key in measures)]])
    save_rows(args.out, rows)


if __name__ == '__main__':
    main()
