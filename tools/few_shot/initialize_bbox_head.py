"""Give the classifier of a trained detector more classes, as TFA does.

The rows of base classes move to where they are among all classes; those of
new classes are drawn at random. A checkpoint of a detector that was trained
on the few shots of the new classes can give these rows instead
(--novel-checkpoint). All else stays.

Example:
    python tools/few_shot/initialize_bbox_head.py \
        configs/gcn_fsod/synthetic-5shot-tfa.py \
        work_dirs/synthetic-tfa_base/iter_1500.pth all_classes.pth
"""
import argparse
import sys
from pathlib import Path
from typing import Dict, List, Optional, Sequence

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import mmextra  # noqa: E402, F401 isort: skip
from mmdet.registry import DATASETS  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.registry import init_default_scope  # noqa: E402

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


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config of the fine-tuning; its '
                        'training classes are those wanted')
    parser.add_argument('checkpoint', help='of the base training')
    parser.add_argument('out', help='checkpoint to write')
    parser.add_argument('--novel-checkpoint',
                        help='of a detector of the new classes')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args(argv)
    torch.manual_seed(args.seed)
    cfg = Config.fromfile(args.config)
    init_default_scope('mmdet')
    dataset = dict(cfg.train_dataloader.dataset, lazy_init=True)
    wanted = list(DATASETS.build(dataset).metainfo['classes'])
    loaded = torch.load(args.checkpoint, map_location='cpu')
    novel, names = None, ()
    if args.novel_checkpoint:
        other = torch.load(args.novel_checkpoint, map_location='cpu')
        novel, names = other['state_dict'], classes_of(other)
    try:
        state = widen(loaded['state_dict'], classes_of(loaded), wanted, novel,
                      names)
    except ValueError as error:
        sys.exit(f'initialize_bbox_head.py: {error}')
    torch.save(
        dict(
            state_dict=state,
            meta=dict(dataset_meta=dict(classes=tuple(wanted)))), args.out)
    print(f'{args.out}: {len(classes_of(loaded))} classes became '
          f'{len(wanted)}')


if __name__ == '__main__':
    main()
