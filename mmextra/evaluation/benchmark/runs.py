"""Find and read the benchmark files of several runs."""
import glob
from pathlib import Path
from typing import Any, Dict, List, Sequence

from .store import JSON_NAME, read_rows


def find_files(inputs: Sequence[str]) -> List[Path]:
    """The benchmark files that the inputs name.

    Args:
        inputs (Sequence[str]): Work_dirs, folders of work_dirs,
            ``benchmark.json`` files, or globs of these.

    Returns:
        List[Path]: The files, each once, in the order given.

    Raises:
        FileNotFoundError: If an input matches nothing or holds no
            ``benchmark.json``.
    """
    files = []
    for text in inputs:
        matches = [Path(text)] if Path(text).exists() else [
            Path(match) for match in sorted(glob.glob(text, recursive=True))]
        if not matches:
            raise FileNotFoundError(f'{text}: no such file or folder')
        found = []
        for path in matches:
            if path.is_file():
                found.append(path)
            elif (path / JSON_NAME).is_file():
                found.append(path / JSON_NAME)
            else:
                found.extend(sorted(path.rglob(JSON_NAME)))
        if not found:
            raise FileNotFoundError(
                f'{text}: holds no {JSON_NAME}. Train or test there with '
                'custom_hooks=[dict(type=\'BenchmarkHook\')] first.')
        files.extend(found)
    return list({path.resolve(): path for path in files}.values())


def load_runs(files: Sequence[Path]) -> List[Dict[str, Any]]:
    """The rows of several files, with a ``label`` that is unique.

    Args:
        files (Sequence[Path]): The ``benchmark.json`` files.

    Returns:
        List[Dict[str, Any]]: The rows.

    Raises:
        BenchmarkFileError: If a file is malformed.
        ValueError: If there is no row at all.
    """
    runs = []
    for path in files:
        for row in read_rows(path):
            runs.append(dict(row, label=row['name'], file=path))
    if not runs:
        raise ValueError(f'no rows in {", ".join(map(str, files))}')
    keys = [(r['name'], r['dataset'], r['split']) for r in runs]
    for run, key in zip(runs, keys):
        if keys.count(key) > 1:
            run['label'] = f'{run["name"]} [{run["file"].parent.name}]'
    return runs
