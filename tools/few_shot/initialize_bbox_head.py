"""Give the classifier of a trained detector more classes, as TFA does.

The rows of base classes move to where they are among all classes; those of
new classes are drawn at random. A checkpoint of a detector that was trained
on the few shots of the new classes can give these rows instead
(--novel-checkpoint). All else stays.

Example:
    python tools/few_shot/initialize_bbox_head.py \
        configs/gcn_fsod/synthetic-5shot-tfa.py \
        work_dirs/synthetic-tfa_base/iter_1500.pth all_classes.pth
"""
from typing import Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.apis.model_converters import widen_checkpoint
from mmextra.utils.command_line import one_line_errors, tool_parser


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('config', help='config of the fine-tuning; its '
                        'training classes are those wanted')
    parser.add_argument('checkpoint', help='of the base training')
    parser.add_argument('out', help='checkpoint to write')
    parser.add_argument('--novel-checkpoint',
                        help='of a detector of the new classes')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args(argv)
    with one_line_errors(parser):
        old, new = widen_checkpoint(
            args.config, args.checkpoint, args.out, args.novel_checkpoint,
            args.seed)
    print(f'{args.out}: {old} classes became {new}')


if __name__ == '__main__':
    main()
