"""Write the lists of DIOR-VAS: vas_train.txt and vas_val.txt.

The authors' list is not public; this is a reconstruction, see
mmextra/datasets/dior_vas_selection.py. From DIOR's own annotations it gives
1,334 training and 333 validation images (the paper: 1,334 and 339).

Example:
    python tools/dataset_converters/make_dior_vas.py --dior data/DIOR
"""
import argparse
import sys
from pathlib import Path
from typing import List, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmextra.datasets.annotation_files import read_lines  # noqa: E402
from mmextra.datasets.bad_input import require_layout  # noqa: E402
from mmextra.datasets.dior_vas import LAYOUT  # noqa: E402
from mmextra.datasets.dior_vas_selection import (  # noqa: E402
    vas_candidates,
    vas_split,
)
from mmextra.evaluation.benchmark import write_atomic  # noqa: E402

SUBSETS = dict(test=('test', ), trainval=('train', 'val'))


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
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
    return parser.parse_args(argv)


def main(argv: Optional[List[str]] = None) -> None:
    args = parse_args(argv)
    main_dir = args.dior / 'ImageSets' / 'Main'
    lists = [main_dir / f'{name}.txt' for name in SUBSETS[args.subset]]
    annotations = args.dior / args.ann_subdir
    try:
        require_layout(
            {'folder of annotations': str(annotations),
             **{f'list {path.stem}': str(path) for path in lists}},
            LAYOUT.format(root=args.dior))
        img_ids = [line.strip() for path in lists
                   for line in read_lines(str(path)) if line.strip()]
        candidates = vas_candidates(str(annotations), img_ids)
    except (ValueError, OSError) as error:
        sys.exit(f'make_dior_vas.py: {error}')
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
