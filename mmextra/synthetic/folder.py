"""The folder of a synthetic data set: claimed, written once, recognised."""
import json
import os
from pathlib import Path
from typing import Callable, Dict, Sequence, Union

MARKER = 'SYNTHETIC.json'


def read_marker(root: Union[str, Path]) -> dict:
    """What a synthetic data set says of itself.

    Args:
        root (str or Path): Folder of the data set.

    Returns:
        dict: ``generator`` (str), ``version`` (int), ``seed`` (int),
        ``counts`` (dict), ``arguments`` (dict) and ``complete`` (bool);
        empty for a folder without marker.

    Raises:
        ValueError: If the marker is there but cannot be read.
    """
    path = Path(root) / MARKER
    if not path.is_file():
        return {}
    try:
        marker = json.loads(path.read_text())
        marker['generator'], dict(marker['arguments'])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f'{path} is damaged ({error!r}). Delete the folder {root} if it '
            'holds nothing of yours, and make the data set again.') from error
    return marker


def _write_marker(root: Path, marker: dict) -> None:
    # By renaming, so that no reader ever sees half a marker.
    temporary = root / f'{MARKER}.{os.getpid()}.tmp'
    temporary.write_text(json.dumps(marker, indent=1) + '\n')
    temporary.replace(root / MARKER)


def write_once(root: Union[str, Path],
               generator: str,
               version: int,
               arguments: dict,
               files_of: Callable[[dict], Sequence[str]],
               write: Callable[[Path], Dict[str, int]],
               force: bool = False) -> dict:
    """Write a data set into a folder of its own, unless it is there already.

    Args:
        root (str or Path): The folder; made if missing.
        generator (str): Name of the generator.
        version (int): Version of what it draws.
        arguments (dict): All that determines the content, as JSON values;
            ``seed`` among them.
        files_of (Callable): Gives the paths below ``root`` of a set made
            with such arguments.
        write (Callable): Called with ``root``; writes the files and returns
            counts for the marker.
        force (bool): Replace a set that was made with other arguments. Only
            files of the older set are removed.

    Returns:
        dict: The marker, see :func:`read_marker`.

    Raises:
        FileExistsError: If the folder holds something else, or, without
            ``force``, a set made with other arguments.
    """
    root = Path(root)
    # Through JSON, so that tuples and lists compare equal.
    arguments = json.loads(json.dumps(arguments))
    old = read_marker(root)
    if not old:
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise FileExistsError(
                f'{root} exists and was not made by a generator of mmextra '
                f'(it has no {MARKER}); it is left as it is. Name a new or '
                'an empty folder.')
    elif old['generator'] != generator:
        raise FileExistsError(
            f'{root} holds the synthetic set "{old["generator"]}", not '
            f'"{generator}". Name another folder.')
    elif (old['arguments'], old.get('version')) == (arguments, version):
        if old.get('complete') and all(
                (root / name).is_file() for name in files_of(arguments)):
            return old
    elif force:
        for name in files_of(old['arguments']):
            if (root / name).is_file():
                (root / name).unlink()
    else:
        raise FileExistsError(
            f'{root} holds the set "{generator}" made with other arguments: '
            f'{old["arguments"]}, version {old.get("version")}; asked for: '
            f'{arguments}, version {version}. Name another folder, or '
            'replace it with --force (force=True).')

    root.mkdir(parents=True, exist_ok=True)
    marker = dict(
        generator=generator,
        version=version,
        seed=arguments['seed'],
        counts={},
        arguments=arguments,
        complete=False)
    _write_marker(root, marker)
    for name in files_of(arguments):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
    marker.update(counts=write(root), complete=True)
    _write_marker(root, marker)
    return marker


def checked_counts(num_train: int, num_val: int, num_test: int,
                   image_size: int, smallest: int = 64) -> Dict[str, int]:
    """Check what most generators are asked for.

    Args:
        num_train (int): Number of training images.
        num_val (int): Number of validation images.
        num_test (int): Number of test images.
        image_size (int): Side of the images in pixels.
        smallest (int): Least side that the objects fit into.

    Returns:
        dict[str, int]: Number of images of each split.

    Raises:
        ValueError: If one is out of its range.
    """
    counts = dict(train=num_train, val=num_val, test=num_test)
    for split, number in counts.items():
        if not 0 <= number <= 100000:
            raise ValueError(
                f'num_{split} must be 0 to 100000, got {number}')
    if image_size < smallest:
        raise ValueError(
            f'image_size must be at least {smallest}, got {image_size}')
    return counts


def set_arguments(counts: Dict[str, int], image_size: int, seed: int,
                  **others) -> dict:
    """The arguments of a set, for :func:`write_once`.

    Args:
        counts (dict[str, int]): Number of images or videos of each split.
        image_size (int): Side of the images in pixels.
        seed (int): Seed.
        others: What the generator takes besides.

    Returns:
        dict: By the names of the generators' arguments.
    """
    numbers = {f'num_{split}': number for split, number in counts.items()}
    return dict(numbers, image_size=image_size, seed=seed, **others)
