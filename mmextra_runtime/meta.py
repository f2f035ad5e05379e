"""``meta.json`` of an exported model: data, nothing of it is executed."""
import json
from pathlib import Path
from typing import Any, Dict

FORMAT = 1
META = 'meta.json'
TASKS = ('detect', 'classify', 'stream', 'few_shot')
GRAPHS = dict(
    detect=('model', ), classify=('model', ), stream=('read', ),
    few_shot=('support', 'query'))
# What every meta.json has.
NEEDED = dict(
    format=int, task=str, classes=list, graphs=dict, preprocess=dict,
    box=dict, test=dict, config=dict)


def read_meta(folder: Path) -> Dict[str, Any]:
    """Read and check ``meta.json``.

    Args:
        folder (Path): Where it lies.

    Returns:
        dict: Its content.

    Raises:
        FileNotFoundError: If folder or file is missing.
        ValueError: If it was not written by an export, or by that of
            another version.
    """
    if not folder.is_dir():
        raise FileNotFoundError(
            f'there is no folder {folder}; make it by tools/export.py')
    path = folder / META
    if not path.is_file():
        raise FileNotFoundError(
            f'{folder} has no {META}; give a folder of tools/export.py')
    try:
        meta = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ValueError(f'{path} is no JSON ({error}); export the model '
                         'anew') from error
    if not isinstance(meta, dict) or meta.get('format') != FORMAT:
        found = meta.get('format') if isinstance(meta, dict) else None
        raise ValueError(
            f'{path} has format {found!r}, this version reads {FORMAT}; '
            'export the model with the same version of mmextra')
    for key, kind in NEEDED.items():
        if not isinstance(meta.get(key), kind):
            raise ValueError(f'{path}: {key!r} is missing or no '
                             f'{kind.__name__}; export the model anew')
    task = meta['task']
    if task not in TASKS:
        raise ValueError(f'{path}: task {task!r} is none of {TASKS}')
    missing = set(GRAPHS[task]) - set(meta['graphs'])
    if missing:
        raise ValueError(f'{path}: graphs {sorted(missing)} are missing; '
                         'export the model anew')
    for name, facts in meta['graphs'].items():
        if not isinstance(facts, dict) or not _is_plain(facts.get('file')):
            raise ValueError(
                f'{path}: the file of graph {name!r} must be the name of a '
                'file in this folder')
    return meta


def _is_plain(name: Any) -> bool:
    """Whether a name stays within its folder."""
    return isinstance(name, str) and name == Path(name).name and \
        name not in ('', '.', '..')
