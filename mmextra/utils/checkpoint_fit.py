"""Whether a checkpoint is one of a model."""
import warnings
from typing import Any, Dict, Optional, Sequence

from mmengine.runner import CheckpointLoader
from torch import nn


def check_fit(model: nn.Module, path: str,
              classes: Optional[Sequence[str]] = None) -> Dict[str, Any]:
    """Refuse a checkpoint of another model, of other classes for one.

    Loading that is not strict leaves what does not fit at random, and only
    the log says so. Weights that are missing altogether, as of a detector
    that a larger model starts from, are told.

    Args:
        model (nn.Module): The model.
        path (str): The checkpoint.
        classes (Sequence[str], optional): What the labels are called.

    Returns:
        dict: The checkpoint.

    Raises:
        ValueError: If weights have another shape, or none fits; the first
            are named.
    """
    checkpoint = CheckpointLoader.load_checkpoint(path, map_location='cpu')
    if not isinstance(checkpoint, dict):
        raise ValueError(f'{path} holds no weights but '
                         f'{type(checkpoint).__name__}')
    weights = checkpoint.get('state_dict', checkpoint)
    given = {name[len('module.'):] if name.startswith('module.') else name:
             value for name, value in weights.items()}
    rename: Any = getattr(model, 'rename_weights', None)
    if rename is not None:
        # As loading does.
        rename(given)
    wanted = model.state_dict()
    other = [name for name in wanted if name in given and
             getattr(given[name], 'shape', None) != wanted[name].shape]
    known = _classes_of(checkpoint)
    hint = f' It knows the classes {", ".join(known)}.' if known else ''
    if other:
        name = other[0]
        raise ValueError(
            f'{path} is not a checkpoint of this model: {len(other)} weights '
            f'have another shape, the first {name}, '
            f'{tuple(given[name].shape)} instead of '
            f'{tuple(wanted[name].shape)}.{hint} Give the config that it was '
            'trained with')
    absent = [name for name in wanted if name not in given]
    if len(absent) == len(wanted):
        raise ValueError(
            f'{path} is not a checkpoint of this model: none of its '
            f'{len(given)} weights has the name of one of the model')
    if absent:
        warnings.warn(
            f'{path}: {len(absent)} of {len(wanted)} weights of the model '
            f'are not in it and stay as they are, the first {absent[0]}',
            stacklevel=2)
    if classes and known and tuple(classes) != known:
        warnings.warn(
            f'{path} was trained on the classes {", ".join(known)}, the '
            f'config names {", ".join(classes)}; labels may be called by '
            'wrong names', stacklevel=2)
    return checkpoint


def _classes_of(checkpoint: Dict[str, Any]) -> tuple:
    meta = checkpoint.get('meta') or {}
    known = (meta.get('dataset_meta') or {}).get(
        'classes') or meta.get('CLASSES') or ()
    return (known, ) if isinstance(known, str) else tuple(map(str, known))
