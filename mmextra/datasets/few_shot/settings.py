"""From the settings of a few-shot benchmark to files and numbers of shots."""
import copy
from typing import Callable, Dict, List, Optional, Sequence

from mmextra.utils.checks import check_keys
from mmextra.utils.class_splits import Splits, split_kind


def shot_files(file_name: str, shots: str, names: Sequence[str],
               seed: int) -> List[dict]:
    """The usual K-shot files, one per class.

    Args:
        file_name (str): With ``{shots}`` and ``{name}`` to fill in.
        shots (str): K.
        names (Sequence[str]): Classes.
        seed (int): Which choice of shots; 0 lies in the root, others in
            ``seedN/``.

    Returns:
        list[dict]: For ``ann_cfg``, relative to ``ann_root``.
    """
    folder = f'benchmark_{shots}shot/'
    if seed:
        folder = f'seed{seed}/{folder}'
    return [
        dict(
            type='ann_file',
            ann_file=folder + file_name.format(shots=shots, name=name))
        for name in names
    ]


def expand_ann_cfg(ann_cfg: Sequence[dict],
                   files_of: Callable[[dict], List[dict]]) -> List[dict]:
    """Replace published settings in an ``ann_cfg`` by their files.

    Args:
        ann_cfg (Sequence[dict]): Entries; a setting has a ``method``.
        files_of (Callable): From a setting to the entries of its files.

    Returns:
        list[dict]: New entries, those that are no setting as they were.
    """
    expanded = []
    for entry in ann_cfg:
        expanded += files_of(entry) if 'method' in entry else [
            copy.deepcopy(dict(entry))]
    return expanded


def shots_per_class(names: Sequence[str],
                    novel: Optional[int],
                    base: Optional[int],
                    given: Optional[Dict[str, int]],
                    kind: Optional[str],
                    splits: Splits,
                    owner: str) -> Optional[Dict[str, int]]:
    """How many instances of each class are wanted.

    Args:
        names (Sequence[str]): Classes of the dataset.
        novel (int, optional): Instances per novel class.
        base (int, optional): Instances per base class.
        given (dict[str, int], optional): Instances by name, instead of both.
        kind (str, optional): ``'base'``, ``'novel'`` or ``'all'``, if the
            classes were given as such a split.
        splits (dict[str, Sequence[str]]): Name of a split to its classes.
        owner (str): Name of the dataset, for messages.

    Returns:
        dict[str, int]: Class to number; None for all instances of all.

    Raises:
        ValueError: If the settings contradict each other or the classes.
    """
    if given is not None:
        if novel is not None or base is not None:
            raise ValueError(
                f'{owner}: ann_shot_filter contradicts num_novel_shots '
                'and num_base_shots; give one or the other')
        check_keys(f'{owner}: ann_shot_filter', given, names)
        shots = dict(given)
    elif novel is None and base is None:
        return None
    elif kind == 'base' and novel is not None:
        raise ValueError(f'{owner}: num_novel_shots contradicts classes of '
                         'a base split')
    elif kind == 'novel' and base is not None:
        raise ValueError(f'{owner}: num_base_shots contradicts classes of '
                         'a novel split')
    elif kind in ('base', 'novel'):
        shots = dict.fromkeys(names, novel if kind == 'novel' else base)
    else:
        shots = _shots_by_split(names, novel, base, splits, owner)
    wrong = {name: k for name, k in shots.items() if k < 0 or k != int(k)}
    if wrong:
        raise ValueError(f'{owner}: shots must be whole numbers from 0 '
                         f'on, got {wrong}')
    if not any(shots.get(name, 1) for name in names):
        raise ValueError(f'{owner}: 0 shots of every class leave no image; '
                         'give at least one, or None for all')
    return shots


def _shots_by_split(names: Sequence[str], novel: Optional[int],
                    base: Optional[int], splits: Splits,
                    owner: str) -> Dict[str, int]:
    """Arguments as of :func:`shots_per_class`."""
    kinds = {}
    for key, members in splits.items():
        kind = split_kind(key)
        if kind in ('base', 'novel'):
            kinds.setdefault(kind, set()).update(members)
    # VOC has three splits; the one that these classes make up counts.
    for key, members in splits.items():
        if split_kind(key) == 'all' and tuple(members) == tuple(names):
            suffix = key[len('ALL_CLASSES'):]
            kinds = {
                kind: set(splits.get(f'{kind.upper()}_CLASSES{suffix}', ()))
                for kind in ('base', 'novel')
            }
    shots = {}
    for name in names:
        is_novel = name in kinds.get('novel', ())
        if is_novel == (name in kinds.get('base', ())):
            raise ValueError(
                f'{owner}: cannot tell whether {name!r} is a base or a novel '
                'class; name the split in classes, or use ann_shot_filter')
        k = novel if is_novel else base
        if k is not None:
            shots[name] = k
    return shots
