"""Files that are written as a whole or not at all."""
import json
import os
from pathlib import Path
from typing import Any, Union


def write_atomic(path: Union[str, Path], content: Union[str, bytes]) -> None:
    """Write a file so that it is never seen half written.

    Args:
        path (str or Path): The file. Its content stays as it was if anything
            fails.
        content (str or bytes): The new content; text is written as UTF-8.
    """
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    # In the same folder: a rename is atomic within one file system only.
    partial = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        with open(partial, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        if partial.exists():
            partial.unlink()


def write_json(path: Union[str, Path], content: Any, **kwargs: Any) -> None:
    """Write JSON and the folder it is in.

    Args:
        path (str or Path): The file.
        content (Any): What ``json.dumps`` takes.
        kwargs: For ``json.dumps``.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, json.dumps(content, **kwargs) + '\n')
