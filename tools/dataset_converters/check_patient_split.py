"""Find patients whose slices are in more than one of several lists.

Research only, not a medical device. Slices of one patient look alike: a
model that was trained on some and tested on others looks better than it is.
Patients are those of the names, in lists of COVIDx-CT (NCP_96_1328_0032.png
2 ...), of the authors' classifier (2_96_1328_0032.png) and of slices with
masks (0_115.jpg); the numbers of the last are of their own kind, so compare
lists of one kind alone.

Exit status: 0 for disjoint lists, 1 for shared patients, 2 for lists that
cannot be read.

Example:
    python tools/dataset_converters/check_patient_split.py train.txt test.txt
"""
import argparse
import itertools
import sys
from pathlib import Path
from typing import Dict, List, Optional, Set

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmextra.datasets.annotation_files import read_lines  # noqa: E402
from mmextra.datasets.ct import parse_ct_name, parse_slice_name  # noqa: E402


def patient_of(name: str, where: str) -> str:
    """The patient of a slice's name.

    Raises:
        ValueError: If the name tells none.
    """
    parsed = parse_ct_name(name)
    patient = parsed.patient_id if parsed else parse_slice_name(name)[0]
    if not patient:
        raise ValueError(
            f'{where}: {name!r} tells no patient. Known are '
            'NCP_96_1328_0032.png, 2_96_1328_0032.png and 0_115.jpg.')
    return f'classified {patient}' if parsed else f'segmented {patient}'


def read_patients(path: Path) -> Set[str]:
    """The patients of a list.

    Raises:
        ValueError: If it is empty, or a name tells no patient.
    """
    patients = {
        patient_of(line.split()[0], f'{path}, line {number}')
        for number, line in enumerate(read_lines(str(path)), 1)
        if line.strip()
    }
    if not patients:
        raise ValueError(f'{path}: the list is empty')
    return patients


def shared_patients(lists: Dict[str, Set[str]]) -> Dict[str, List[str]]:
    """Patients that two lists share.

    Args:
        lists (dict[str, set[str]]): Patients of each list.

    Returns:
        dict[str, list[str]]: ``'A and B'`` to the sorted patients; pairs
        without are left out.
    """
    found = {}
    for (a, first), (b, second) in itertools.combinations(lists.items(), 2):
        if first & second:
            found[f'{a} and {b}'] = sorted(first & second)
    return found


def main(argv: Optional[List[str]] = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('lists', nargs='+', type=Path)
    args = parser.parse_args(argv)
    if len(args.lists) < 2:
        parser.error('give two lists or more')
    try:
        lists = {str(path): read_patients(path) for path in args.lists}
    except (OSError, ValueError) as error:
        print(f'check_patient_split: {error}', file=sys.stderr)
        return 2
    for path, patients in lists.items():
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
