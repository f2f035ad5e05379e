"""A classifier with rows for more classes, as TFA makes it."""
from typing import Dict, List, Optional, Sequence, Tuple

import torch
from mmdet.registry import DATASETS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import Tensor

CLS = 'roi_head.bbox_head.fc_cls.'
REG = 'roi_head.bbox_head.fc_reg.'


def new_rows(old: Tensor, number: int, std: float = 0.01) -> Tensor:
    """``number`` random rows like those of a layer; zeros for a bias."""
    rows = old.new_zeros(number, *old.shape[1:])
    return rows.normal_(0, std) if old.dim() > 1 else rows


def widen(state: Dict[str, Tensor], base: Sequence[str], wanted: Sequence[str],
          novel: Optional[Dict[str, Tensor]] = None,
          novel_names: Sequence[str] = ()) -> Dict[str, Tensor]:
    """Weights of a head for more classes.

    Args:
        state (dict[str, Tensor]): Weights of the trained detector.
        base (Sequence[str]): Its classes.
        wanted (Sequence[str]): The classes to have, ``base`` among them.
        novel (dict[str, Tensor], optional): Weights of a detector of
            ``novel_names``.
        novel_names (Sequence[str]): Its classes.

    Returns:
        dict[str, Tensor]: The new weights.

    Raises:
        ValueError: If classes are missing or do not fit the weights.
    """
    missing = [name for name in base if name not in wanted]
    if missing:
        raise ValueError(f'the base classes {missing} are not among the '
                         f'wanted {tuple(wanted)}')
    widened = dict(state)
    for key, old in state.items():
        if not key.startswith((CLS, REG)):
            continue
        per_class = 1 if key.startswith(CLS) else 4
        background = 1 if key.startswith(CLS) else 0
        if len(old) == 4 and per_class == 4:
            continue  # class-agnostic
        if len(old) != per_class * (len(base) + background):
            raise ValueError(f'{key} has {len(old)} rows, which do not fit '
                             f'{len(base)} classes')
        rows = new_rows(old, per_class * (len(wanted) + background))
        sources = [(old, base)]
        if novel is not None:
            sources.insert(0, (novel[key], novel_names))
        for source, names in sources:
            for index, name in enumerate(names):
                at = wanted.index(name) * per_class
                rows[at:at + per_class] = source[
                    index * per_class:(index + 1) * per_class]
        if background:
            rows[-1] = old[-1]
        widened[key] = rows
    return widened


def classes_of(checkpoint: dict) -> List[str]:
    """The classes that a checkpoint records."""
    return list(checkpoint['meta']['dataset_meta']['classes'])


def widen_checkpoint(config: str, checkpoint: str, out: str,
                     novel_checkpoint: Optional[str] = None,
                     seed: int = 0) -> Tuple[int, int]:
    """Write a checkpoint of :func:`widen`.

    Args:
        config (str): Its training classes are those wanted.
        checkpoint (str): Of the base training.
        out (str): The checkpoint to write.
        novel_checkpoint (str, optional): Of a detector of the new classes.
        seed (int): For rows that are drawn.

    Returns:
        tuple[int, int]: How many classes there were, and are.

    Raises:
        FileNotFoundError: If config or checkpoint is missing.
        ValueError: See :func:`widen`.
    """
    torch.manual_seed(seed)
    init_default_scope('mmdet')
    dataset = Config.fromfile(config).train_dataloader.dataset
    wanted = list(DATASETS.build(
        dict(dataset, lazy_init=True)).metainfo['classes'])
    loaded = torch.load(checkpoint, map_location='cpu')
    novel: Optional[dict] = None
    names: Sequence[str] = ()
    if novel_checkpoint:
        other = torch.load(novel_checkpoint, map_location='cpu')
        novel, names = other['state_dict'], classes_of(other)
    state = widen(loaded['state_dict'], classes_of(loaded), wanted, novel,
                  names)
    torch.save(
        dict(state_dict=state,
             meta=dict(dataset_meta=dict(classes=tuple(wanted)))), out)
    return len(classes_of(loaded)), len(wanted)
