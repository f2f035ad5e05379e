"""List windows of CT slices with and without lesions, in folds by slice.

Research only, not a medical device. Of every slice nine windows of half its
height and width are looked at: one with lesions on more than a tenth of it has
class 1, one without any lesion and with lung on three tenths class 0; others
are left out. All windows of a slice are in one fold.

Example:
    python tools/dataset_converters/ct_windows.py data/covid_semiseg \\
        --lists train.txt test.txt --folds 5
writes the folds of slices, data/covid_semiseg/fold0_train.txt, fold0_test.txt,
and so on, and in data/covid_semiseg/windows the same folds of windows with
"name class x1 y1 x2 y2", as CTImageDataset reads them, which with
CropToBodyBox gives the windows.
"""
from pathlib import Path
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.datasets.converters.ct_windows import (
    listed_names,
    slice_windows,
    write_window_folds,
)
from mmextra.utils.command_line import one_line_errors, tool_parser


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('root', type=Path, help='holds imgs/ and masks/')
    parser.add_argument('--lists', type=Path, nargs='+',
                        default=[Path('train.txt'), Path('test.txt')],
                        help='of slices, in the root')
    parser.add_argument('--codes', type=int, nargs='+', default=[2, 3],
                        help='of lesions in the masks')
    parser.add_argument('--folds', type=int, default=5)
    parser.add_argument('--out-dir', type=Path, help='default: the root')
    args = parser.parse_args(argv)
    imgs = args.root / 'imgs'
    with one_line_errors(parser):
        names = [name for each in args.lists
                 for name in listed_names(args.root / each, imgs)]
        windows = slice_windows(names, imgs, args.root / 'masks', args.codes)
        tested = write_window_folds(windows, names, args.folds,
                                    args.out_dir or args.root)
    for fold, counts in enumerate(tested):
        print(f'fold {fold}: ' + ', '.join(
            f'{counts[label]} of class {label}' for label in sorted(counts)))


if __name__ == '__main__':
    main()
