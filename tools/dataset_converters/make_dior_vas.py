"""Write the lists of DIOR-VAS: vas_train.txt and vas_val.txt.

The authors' list is not public; this is a reconstruction, see
mmextra/datasets/dior_vas_selection.py. From DIOR's own annotations it gives
1,334 training and 333 validation images (the paper: 1,334 and 339).

Example:
    python tools/dataset_converters/make_dior_vas.py --dior data/DIOR
"""
from pathlib import Path
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.datasets.bad_input import require_layout
from mmextra.datasets.dior_vas import LAYOUT
from mmextra.datasets.dior_vas_selection import vas_candidates, vas_split
from mmextra.datasets.text_files import read_ids
from mmextra.utils.command_line import one_line_errors, tool_parser
from mmextra.utils.files import write_atomic

SUBSETS = dict(test=('test', ), trainval=('train', 'val'))


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('--dior', type=Path, default=Path('data/DIOR'),
                        help='folder of DIOR')
    parser.add_argument('--subset', choices=sorted(SUBSETS), default='test',
                        help='official images among which to select; only '
                        'the test ones give the paper\'s number')
    parser.add_argument('--seed', type=int, default=0,
                        help='another seed divides the images differently')
    parser.add_argument(
        '--ann-subdir', default='Annotations/Horizontal Bounding Boxes',
        help='folder of annotations below that of DIOR')
    parser.add_argument('--out', type=Path,
                        help='folder of the lists, by default '
                        'ImageSets/Main of DIOR')
    args = parser.parse_args(argv)
    main_dir = args.dior / 'ImageSets' / 'Main'
    lists = [main_dir / f'{name}.txt' for name in SUBSETS[args.subset]]
    annotations = args.dior / args.ann_subdir
    with one_line_errors(parser):
        require_layout(
            {'folder of annotations': str(annotations),
             **{f'list {path.stem}': str(path) for path in lists}},
            LAYOUT.format(root=args.dior))
        img_ids = [img_id for path in lists for img_id in read_ids(str(path))]
        candidates = vas_candidates(str(annotations), img_ids)
    out = args.out or main_dir
    out.mkdir(parents=True, exist_ok=True)
    for name, part in zip(('train', 'val'), vas_split(candidates, args.seed)):
        write_atomic(out / f'vas_{name}.txt',
                     ''.join(f'{img_id}\n' for img_id in part))
        print(f'{out / f"vas_{name}.txt"}: {len(part)} images')
    print(f'{len(candidates)} of {len(img_ids)} images have only vehicles, '
          'airplanes and ships')


if __name__ == '__main__':
    main()
