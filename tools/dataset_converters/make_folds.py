"""Split a list of classified slices into folds without shared groups.

Research only, not a medical device. Slices of one patient, or crops of one
publication, must not be in training and test. A line of the list is "name
class" or "name class group"; the group is the third word, else the patient
that the name tells. Groups go, the largest first, to the fold with the fewest
images of their classes.

Example:
    python tools/dataset_converters/make_folds.py data/ct_crops/list.txt \
        data/ct_crops --folds 5
writes fold0_train.txt, fold0_test.txt, ... with "name class".
"""
from pathlib import Path
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.datasets.converters.ct_lists import (
    assign_folds,
    read_slices,
    write_folds,
)
from mmextra.utils.command_line import one_line_errors, tool_parser


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('list', type=Path)
    parser.add_argument('out_dir', type=Path)
    parser.add_argument('--folds', type=int, default=5)
    args = parser.parse_args(argv)
    with one_line_errors(parser):
        slices = read_slices(args.list)
        tested = write_folds(slices, assign_folds(slices, args.folds),
                             args.out_dir)
    for fold, counts in enumerate(tested):
        print(f'fold {fold}: ' + ', '.join(
            f'{counts[label]} of class {label}' for label in sorted(counts)))


if __name__ == '__main__':
    main()
