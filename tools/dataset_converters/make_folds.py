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
import argparse
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmextra.datasets.annotation_files import read_lines  # noqa: E402
from mmextra.datasets.ct import parse_ct_name  # noqa: E402


class Slice(NamedTuple):
    """A line of the list."""
    name: str
    label: str
    group: str


def read_slices(path: Path) -> List[Slice]:
    """The lines of a list.

    Raises:
        ValueError: If a line has no class or no group.
    """
    slices = []
    for number, line in enumerate(read_lines(str(path)), 1):
        words = line.split()
        if not words:
            continue
        parsed = parse_ct_name(words[0])
        label = words[1] if len(words) > 1 else parsed and str(parsed.label)
        group = words[2] if len(words) == 3 else parsed and parsed.patient_id
        if not label or not group:
            raise ValueError(
                f'{path}, line {number}: {line!r} has no '
                f'{"group" if label else "class"}; write "name class group"')
        slices.append(Slice(words[0], label, group))
    return slices


def assign_folds(slices: List[Slice], count: int) -> Dict[str, int]:
    """Give every group a fold.

    Args:
        slices (list[Slice]): The slices.
        count (int): Number of folds.

    Returns:
        dict[str, int]: Group to fold.

    Raises:
        ValueError: If there are fewer groups than folds.
    """
    groups = defaultdict(Counter)
    for each in slices:
        groups[each.group][each.label] += 1
    if not 2 <= count <= len(groups):
        raise ValueError(
            f'{count} folds of {len(groups)} groups are impossible; give 2 '
            'to that many')
    filled = [Counter() for _ in range(count)]
    folds = {}
    for group, labels in sorted(
            groups.items(), key=lambda item: (-sum(item[1].values()), item)):
        folds[group] = min(range(count), key=lambda k: (
            sum(filled[k][label] for label in labels),
            sum(filled[k].values()), k))
        filled[folds[group]] += labels
    return folds


def main(argv: Optional[List[str]] = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('list', type=Path)
    parser.add_argument('out_dir', type=Path)
    parser.add_argument('--folds', type=int, default=5)
    args = parser.parse_args(argv)
    try:
        slices = read_slices(args.list)
        folds = assign_folds(slices, args.folds)
    except (OSError, ValueError) as error:
        parser.exit(1, f'make_folds: {error}\n')
    args.out_dir.mkdir(parents=True, exist_ok=True)
    for fold in range(args.folds):
        parts = dict(
            train=[s for s in slices if folds[s.group] != fold],
            test=[s for s in slices if folds[s.group] == fold])
        for part, members in parts.items():
            (args.out_dir / f'fold{fold}_{part}.txt').write_text(
                ''.join(f'{s.name} {s.label}\n' for s in members))
        counts = Counter(s.label for s in parts['test'])
        print(f'fold {fold}: ' + ', '.join(
            f'{counts[label]} of class {label}' for label in sorted(counts)))


if __name__ == '__main__':
    main()
