"""Names for the classes of few-shot benchmarks (section 4.1)."""
from typing import Dict, Optional, Sequence, Tuple, Union

from mmdet.datasets import CocoDataset

Splits = Dict[str, Tuple[str, ...]]

_COCO_NOVEL = ('person', 'bicycle', 'car', 'motorcycle', 'airplane', 'bus',
               'train', 'boat', 'bird', 'cat', 'dog', 'horse', 'sheep', 'cow',
               'bottle', 'chair', 'couch', 'potted plant', 'dining table',
               'tv')
_COCO_ALL = tuple(CocoDataset.METAINFO['classes'])

COCO_SPLITS: Splits = dict(
    ALL_CLASSES=_COCO_ALL,
    NOVEL_CLASSES=_COCO_NOVEL,
    BASE_CLASSES=tuple(c for c in _COCO_ALL if c not in _COCO_NOVEL))

_VOC_ALL = ('aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car',
            'cat', 'chair', 'cow', 'diningtable', 'dog', 'horse', 'motorbike',
            'person', 'pottedplant', 'sheep', 'sofa', 'train', 'tvmonitor')
_VOC_NOVEL = (('bird', 'bus', 'cow', 'motorbike', 'sofa'),
              ('aeroplane', 'bottle', 'cow', 'horse', 'sofa'),
              ('boat', 'cat', 'motorbike', 'sheep', 'sofa'))


def _voc_splits() -> Splits:
    splits = {}
    for number, novel in enumerate(_VOC_NOVEL, 1):
        base = tuple(c for c in _VOC_ALL if c not in novel)
        splits[f'ALL_CLASSES_SPLIT{number}'] = base + novel
        splits[f'NOVEL_CLASSES_SPLIT{number}'] = novel
        splits[f'BASE_CLASSES_SPLIT{number}'] = base
    return splits


VOC_SPLITS: Splits = _voc_splits()


def resolve_classes(classes: Union[str, Sequence[str]], splits: Splits,
                    owner: str) -> Tuple[str, ...]:
    """The classes that a name or a sequence stands for.

    Args:
        classes (str or Sequence[str]): Name of a split, or the classes.
        splits (dict): Name to classes.
        owner (str): Who asks, for the message.

    Returns:
        tuple[str]: The classes.

    Raises:
        ValueError: If there is no such split, or a class is named twice.
    """
    if isinstance(classes, str):
        if classes not in splits:
            raise ValueError(
                f'{owner}: classes={classes!r} is no split; there are '
                f'{", ".join(splits)}. Own classes are given as a tuple, own '
                'splits with class_splits=dict(NAME=(class, ...)).')
        classes = splits[classes]
    classes = tuple(classes)
    twice = {name for name in classes if classes.count(name) > 1}
    if not classes or twice:
        raise ValueError(f'{owner}: classes must be different names, got '
                         f'{twice or "none"}')
    return classes


def split_kind(classes: Union[str, Sequence[str], None]) -> Optional[str]:
    """``'base'``, ``'novel'`` or ``'all'`` for the name of such a split."""
    if not isinstance(classes, str):
        return None
    kinds = [kind for kind in ('base', 'novel', 'all')
             if classes.startswith(f'{kind.upper()}_CLASSES')]
    return kinds[0] if kinds else None
