"""Find patients whose slices are in more than one of several lists.

Research only, not a medical device. Slices of one patient look alike: a
model that was trained on some and tested on others looks better than it is.
Patients are those of the names, in lists of COVIDx-CT 1 to 3
(NCP_96_1328_0032.png 2 ..., COVIDCTMD-P001-IM0027.png 2 ...), of the authors'
classifier (2_96_1328_0032.png) and of slices with masks (0_115.jpg); the
numbers of the last are of their own kind, so compare lists of one kind alone.
A name of another form is an error, for nothing is guessed of it.

Exit status: 0 for disjoint lists, 1 for shared patients, 2 for lists that
cannot be read.

Example:
    python tools/dataset_converters/check_patient_split.py train.txt test.txt
"""
import sys
from pathlib import Path
from typing import List, Optional

import mmextra  # noqa: F401 isort: skip, if not found: pip install -e .
from mmextra.datasets.converters.ct_lists import (
    read_patients,
    shared_patients,
)
from mmextra.datasets.ct import patient_of
from mmextra.utils.command_line import tool_parser

__all__ = ['main', 'patient_of']


def main(argv: Optional[List[str]] = None) -> int:
    """Command line; returns the exit status."""
    parser = tool_parser(__file__, __doc__)
    parser.add_argument('lists', nargs='+', type=Path)
    args = parser.parse_args(argv)
    if len(args.lists) < 2:
        parser.error('give two lists or more')
    try:
        lists = [(str(path), read_patients(path)) for path in args.lists]
    except (OSError, ValueError) as error:
        print(f'{parser.prog}: {error}', file=sys.stderr)
        return 2
    for path, patients in lists:
        print(f'{path}: {len(patients)} patients')
    shared = shared_patients(lists)
    for pair, patients in shared.items():
        print(f'{pair} share {len(patients)} patients: '
              f'{", ".join(patients)}')
    if not shared:
        print('no patient is in two lists')
    return int(bool(shared))


if __name__ == '__main__':
    sys.exit(main())
