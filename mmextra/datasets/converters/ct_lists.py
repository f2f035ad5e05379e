"""Lists of CT slices: which patients they share, and folds without any.

Research only, not a medical device.
"""
import itertools
from collections import Counter, defaultdict
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Set, Tuple

from ..ct import parse_ct_name, parse_ct_source, patient_of
from ..text_files import read_lines


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


def shared_patients(lists: Sequence[Tuple[str, Set[str]]]
                    ) -> Dict[str, List[str]]:
    """Patients that two lists share.

    Args:
        lists (Sequence[tuple]): Name and patients of each list.

    Returns:
        dict[str, list[str]]: ``'A and B'`` to the sorted patients; pairs
        without are left out.
    """
    found = {}
    for (a, first), (b, second) in itertools.combinations(lists, 2):
        if first & second:
            found[f'{a} and {b}'] = sorted(first & second)
    return found


class Slice(NamedTuple):
    """A line of the list, and the part of the image that it is about."""
    name: str
    label: str
    group: str
    box: Tuple[int, ...] = ()


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
        parsed, source = parse_ct_name(words[0]), parse_ct_source(words[0])
        label = words[1] if len(words) > 1 else parsed and str(parsed.label)
        group = words[2] if len(words) == 3 else source and source.patient_id
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


def write_folds(slices: List[Slice], folds: Dict[str, int],
                out: Path) -> List[Dict[str, int]]:
    """Write ``fold0_train.txt``, ``fold0_test.txt``, ... with "name class".

    Behind the class stands the box of a slice that has one.

    Args:
        slices (list[Slice]): The slices.
        folds (dict[str, int]): See :func:`assign_folds`.
        out (Path): The folder.

    Returns:
        list[dict[str, int]]: Of each fold the tested slices of every class.
    """
    out.mkdir(parents=True, exist_ok=True)
    tested = []
    for fold in range(max(folds.values()) + 1):
        parts = dict(
            train=[s for s in slices if folds[s.group] != fold],
            test=[s for s in slices if folds[s.group] == fold])
        for part, members in parts.items():
            (out / f'fold{fold}_{part}.txt').write_text(''.join(
                ' '.join(filter(None, (s.name, s.label, *map(str, s.box))))
                + '\n' for s in members))
        tested.append(dict(Counter(s.label for s in parts['test'])))
    return tested
