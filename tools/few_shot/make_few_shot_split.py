"""Choose K boxes per class from a COCO file and write them as a COCO file.

The choice is that of the few-shot datasets (`num_novel_shots`): the same for
the same seed whatever the order of the annotations, and K boxes are among the
K + 1 of the next larger file. Crowd boxes are never chosen.

With --rest the images without a chosen box are written too, to one file or,
divided by their ids, to two: one to train base classes on and one to test.

Example:
    python tools/few_shot/make_few_shot_split.py \
        annotations/all.json few_shot/5shot.json --shots 5 --seed 0 \
        --rest few_shot/train.json few_shot/test.json
"""
from typing import Optional, Sequence

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.datasets.coco_json import read_coco
from mmextra.datasets.few_shot.split_file import choose, count, rest_of
from mmextra.utils.class_splits import COCO_SPLITS
from mmextra.utils.command_line import require_positive, tool_parser
from mmextra.utils.files import write_json


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('annotations', help='COCO file')
    parser.add_argument('out', help='COCO file to write')
    parser.add_argument('--shots', type=int, required=True)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--classes', nargs='+',
                        help='all categories if not given; one of '
                        f'{", ".join(COCO_SPLITS)} stands for those of COCO')
    parser.add_argument('--min-area', type=float, default=0.,
                        help='smallest box in square pixels')
    parser.add_argument('--rest', nargs='+', default=[],
                        help='one or two COCO files for the other images')
    args = parser.parse_args(argv)
    if len(args.rest) > 2:
        parser.error('--rest takes one or two files')
    require_positive(parser, args, 'shots')
    if args.classes and len(args.classes) == 1:
        args.classes = COCO_SPLITS.get(args.classes[0], args.classes)
    try:
        coco = read_coco(args.annotations)
        split = choose(coco, args.shots, args.seed, args.classes,
                       args.min_area)
    except (OSError, ValueError) as error:
        raise SystemExit(
            f'{parser.prog}: {args.annotations}: {error}') from error
    write_json(args.out, split)
    rest = rest_of(coco, split, len(args.rest), args.seed)
    for path, part in zip(args.rest, rest):
        write_json(path, part)
        print(f'{path}: {len(part["images"])} images')
    counts = count(split)
    for name, number in counts.items():
        short = '' if number == args.shots else \
            f' (fewer than {args.shots} in the file)'
        print(f'{name}: {number}{short}')
    lost = [name for name in (args.classes or (
        cat['name'] for cat in coco['categories'])) if name not in counts]
    if lost:
        print(f'without any box: {", ".join(lost)}')


if __name__ == '__main__':
    main()
