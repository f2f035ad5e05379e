"""Files that are written, or an error that says they are not."""
import json
import os
from pathlib import Path
from typing import Any, Union

import cv2
import numpy as np


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


def write_image(path: Path, image: np.ndarray,
                jpeg_quality: int = 95) -> None:
    """Write an image.

    Args:
        path (Path): The file; its suffix is the format.
        image (np.ndarray): (H, W) or (H, W, 3) BGR uint8.
        jpeg_quality (int): 0 to 100, for JPEG.

    Raises:
        OSError: If it cannot be written.
    """
    # OpenCV warns of options that the format does not have.
    options = [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality] if (
        path.suffix.lower() in ('.jpg', '.jpeg')) else []
    if not cv2.imwrite(str(path), image, options):
        raise OSError(f'cannot write {path}; is the disk full?')
