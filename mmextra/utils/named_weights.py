"""The project's own weights, by name: ``mmextra://larsd_synthetic``.

The files lie in ``weights/`` of the repository and are no part of the wheel.
``configs/<paper>/metafile.yml`` says which there are and what their SHA-256
is; ``weights/README.md`` what they were trained on and how good they are.
"""
import hashlib
import os
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional

import torch
import yaml
from mmengine.runner import CheckpointLoader
from torch import Tensor

from mmextra_stack.families import checkout

from .resources import config_root

PREFIX = 'mmextra://'
FOLDER_VARIABLE = 'MMEXTRA_WEIGHTS'


class PublishedWeights(NamedTuple):
    """Weights as a metafile knows them.

    Attributes:
        file: Name of the file.
        sha256: Its checksum, 64 hexadecimal digits.
        config: The config of the model, from ``configs/`` on.
    """
    file: str
    sha256: str
    config: str


def published_weights(
        root: Optional[Path] = None) -> Dict[str, PublishedWeights]:
    """All weights that the metafiles name.

    Args:
        root (Path, optional): The folder of configs; by default mmextra's.

    Returns:
        dict[str, PublishedWeights]: By name, sorted.
    """
    found = {}
    for path in sorted((root or config_root()).glob('*/metafile.yml')):
        models = yaml.safe_load(path.read_text(encoding='utf-8'))['Models']
        for model in models:
            if 'Weights' in model:
                found[model['Name']] = PublishedWeights(
                    Path(model['Weights']).name,
                    model['Metadata']['SHA256'], model['Config'])
    return dict(sorted(found.items()))


def sha256_of(path: Path) -> str:
    """The checksum of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def weights_folder() -> Optional[Path]:
    """Where the files are looked for; None if that is not known.

    The folder in the environment variable ``MMEXTRA_WEIGHTS``, else
    ``weights/`` of the checkout.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    root = checkout()
    return root / 'weights' if root else None


def find_weights(name: str) -> Path:
    """The file of weights, checked.

    Args:
        name (str): With or without ``mmextra://``.

    Returns:
        Path: The file.

    Raises:
        ValueError: If there are no such weights, or the file is another one.
        FileNotFoundError: If it is not there.
    """
    name = name[len(PREFIX):] if name.startswith(PREFIX) else name
    known = published_weights()
    if name not in known:
        raise ValueError(f'there are no weights {PREFIX}{name}; there are '
                         + (', '.join(PREFIX + each for each in known)
                            or 'none at all'))
    folder = weights_folder()
    if folder is None:
        raise FileNotFoundError(
            f'{PREFIX}{name}: the weights are no part of the wheel. Take '
            f'weights/ from the repository and name it in the environment '
            f'variable {FOLDER_VARIABLE}')
    path = folder / known[name].file
    if not path.is_file():
        raise FileNotFoundError(
            f'{PREFIX}{name}: {path} is not there. Take it from weights/ of '
            f'the repository; another folder is named by {FOLDER_VARIABLE}')
    found = sha256_of(path)
    if found != known[name].sha256:
        raise ValueError(
            f'{path} is not the file that was published as {PREFIX}{name}: '
            f'its SHA-256 is {found}, not {known[name].sha256}. Take it from '
            'the repository again, or name it by its path')
    return path


def load_from_mmextra(filename: str,
                      map_location: Any = None) -> Dict[str, Any]:
    """The loader of ``mmextra://`` for mmengine.

    Args:
        filename (str): The name, with ``mmextra://``.
        map_location: As ``torch.load`` takes it.

    Returns:
        dict: ``state_dict``, floating point as float32, and ``meta``.

    Raises:
        ValueError, FileNotFoundError: See :func:`find_weights`.
    """
    loaded = torch.load(
        find_weights(filename), map_location=map_location, weights_only=True)
    return dict(loaded, state_dict={
        name: value.float() if value.is_floating_point() else value
        for name, value in loaded['state_dict'].items()})


def published_checkpoint(checkpoint: Dict[str, Any]) -> Dict[str, Any]:
    """What of a checkpoint is published: weights in half precision.

    Args:
        checkpoint (dict): As the runner saves it, averaged weights, if any,
            in ``state_dict``.

    Returns:
        dict: ``state_dict`` and, of ``meta``, what the classes are.

    Raises:
        ValueError: If a value is beyond half precision.
    """
    meta = (checkpoint.get('meta') or {}).get('dataset_meta') or {}
    return dict(
        state_dict={name: _half(name, value)
                    for name, value in checkpoint['state_dict'].items()},
        meta=dict(dataset_meta={key: meta[key] for key in ('classes', )
                                if key in meta}))


def publish_file(source: Path, out: Path) -> str:
    """Write a file for ``weights/``.

    Args:
        source (Path): A checkpoint.
        out (Path): The file to write.

    Returns:
        str: Its SHA-256.

    Raises:
        ValueError: See :func:`published_checkpoint`.
    """
    published = published_checkpoint(torch.load(source, map_location='cpu'))
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(published, out)
    return sha256_of(out)


def _half(name: str, value: Tensor) -> Tensor:
    # A clone: a view would bring the memory of all of its base along.
    if not value.is_floating_point():
        return value.clone()
    half = value.to(torch.float16, copy=True)
    if not bool(half.isfinite().all()):
        raise ValueError(f'{name} does not fit into half precision: its '
                         f'largest value is {value.abs().max():.3g}')
    return half


CheckpointLoader.register_scheme(
    prefixes=PREFIX, loader=load_from_mmextra, force=True)
