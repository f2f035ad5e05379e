"""Images of a data set: found by id whatever their extension, and sized."""
import os
import os.path as osp
from functools import lru_cache
from typing import Dict, Sequence, Tuple

from PIL import Image

EXTENSIONS = ('.bmp', '.png', '.jpg', '.jpeg', '.tif', '.tiff')


def index_images(folder: str, extensions: Sequence[str] = EXTENSIONS
                 ) -> Dict[str, str]:
    """The images in a folder.

    Args:
        folder (str): The folder.
        extensions (Sequence[str]): Those of images, in lower case.

    Returns:
        dict[str, str]: Id (the name without extension) to path, sorted by
        id. Of several files with one id the first kind in ``extensions``
        counts; upper case is the same as lower case.

    Raises:
        FileNotFoundError: If there is no such folder.
    """
    found = []
    for name in os.listdir(folder):
        stem, extension = osp.splitext(name)
        if extension.lower() in extensions:
            kind = extensions.index(extension.lower())
            found.append((stem, -kind, name))
    # The last of equal keys stays: the first kind.
    return {stem: osp.join(folder, name) for stem, _, name in sorted(found)}


def image_size(path: str) -> Tuple[int, int]:
    """Width and height of an image, from its header alone.

    Args:
        path (str): The file.

    Returns:
        tuple[int, int]: Width and height in pixels.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not an image.
    """
    return _cached_size(path, os.stat(path).st_mtime_ns)


def image_depth(path: str) -> Tuple[str, int]:
    """How an image keeps its values, from its header alone.

    Args:
        path (str): The file.

    Returns:
        tuple[str, int]: Pillow's mode, and bits of a channel; the mode does
        not tell them, for Pillow reads colours of 16 bits as ``RGB`` too.

    Raises:
        OSError: If the file is missing or not an image.
    """
    with Image.open(path) as image:
        mode, bits = image.mode, 16 if image.mode[0] in 'IF' else 8
        if image.format == 'TIFF':
            # BitsPerSample, of each channel.
            bits = max(bits, *image.tag_v2.get(258, (1, )))
    with open(path, 'rb') as file:
        head = file.read(25)
    if head[1:4] == b'PNG' and head[12:16] == b'IHDR':
        bits = max(bits, head[24])
    return mode, bits


@lru_cache(maxsize=1 << 16)
def _cached_size(path: str, _: int) -> Tuple[int, int]:
    try:
        with Image.open(path) as image:
            return image.size
    # Pillow tells broken files by errors of any kind.
    except Exception as error:
        raise ValueError(
            f'{path}: cannot be read as an image ({error}). Replace it, '
            'take it out of the split, or set on_error="skip".') from error
