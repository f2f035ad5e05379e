"""Whether a training would go on from a checkpoint of another model.

Two configs of one name write into one folder, and ``--resume`` takes what
lies there. What does not fit is left at random, or stops the training in the
middle of mmengine by a message about parameter groups.
"""
from pathlib import Path
from typing import Any, Dict, Union

from mmengine.config import Config
from mmengine.runner import CheckpointLoader


def part_types(model: Dict[str, Any]) -> Dict[str, str]:
    """The classes that a model's config names for itself and its parts.

    Args:
        model (dict): Config of a model.

    Returns:
        dict[str, str]: By the name of the part, ``model`` for the model,
        without scopes; a part without a type is left out.
    """
    named = {'model': model, **model}
    return {name: str(part['type']).rsplit('.', 1)[-1]
            for name, part in named.items()
            if isinstance(part, dict) and part.get('type')}


def other_model(path: Union[str, Path], cfg: Config) -> str:
    """What to tell who would resume the checkpoint of another model.

    Args:
        path (str or Path): A whole checkpoint.
        cfg (Config): Config of the training.

    Returns:
        str: File, parts that differ and what to do; empty if the model and
        its parts have the same classes, or the file does not tell its config.
    """
    checkpoint = CheckpointLoader.load_checkpoint(
        str(path), map_location='cpu', logger='silent')
    meta = checkpoint.get('meta') if isinstance(checkpoint, dict) else None
    text = (meta or {}).get('cfg')
    if not isinstance(text, str) or 'model' not in cfg:
        return ''
    trained = part_types(
        Config.fromstring(text, '.py').to_dict().get('model') or {})
    wanted = part_types(cfg.to_dict()['model'])
    differing = [
        f'{name} {trained.get(name, "absent")}, not '
        f'{wanted.get(name, "absent")}'
        for name in [*wanted, *(set(trained) - set(wanted))]
        if trained.get(name) != wanted.get(name)]
    if not differing:
        return ''
    return (f'{path} is not a checkpoint of this model but has '
            f'{"; ".join(differing)}. Configs of one name share a folder: '
            'give this training one of its own with --work-dir')
