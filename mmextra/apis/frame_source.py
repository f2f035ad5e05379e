"""Where live frames come from: video file, camera, folder of images."""
import os
import os.path as osp
from typing import Any, Iterable, Optional, Tuple, Union

import cv2
import numpy as np

from mmextra.datasets.deep_images import Stretch, is_deep
from mmextra.datasets.image_files import (
    EXTENSIONS,
    is_stranger,
    read_pixels,
)
from mmextra.datasets.text_files import natural_key


class ImageFolder:
    """The images of a folder as a stream, in the order of their numbers.

    Numbers in names count by their value, padded or not: ``frame_2.jpg``
    comes before ``frame_10.jpg``. Hidden files are passed over. Images of
    more than eight bits are stretched by one scale for the folder, see
    :class:`~mmextra.datasets.deep_images.Stretch`.
    Has the methods of ``cv2.VideoCapture`` that a stream needs.

    Args:
        folder (str): The folder.

    Raises:
        FileNotFoundError: If there is no image in it.
    """

    def __init__(self, folder: str) -> None:
        names = [name for name in os.listdir(folder)
                 if osp.splitext(name)[1].lower() in EXTENSIONS
                 and not is_stranger(name)]
        if not names:
            raise FileNotFoundError(
                f'no image ({", ".join(EXTENSIONS)}) is in {folder}')
        self.paths = [osp.join(folder, name)
                      for name in sorted(names, key=natural_key)]
        self.position = 0
        self.stretch = Stretch()

    def grab(self) -> bool:
        """Pass over one frame; False at the end."""
        there = self.position < len(self.paths)
        self.position += there
        return there

    def read(self) -> Tuple[bool, Optional[np.ndarray]]:
        """The next frame, (h, w, 3) BGR.

        Raises:
            ValueError: If the file is no image that can be decoded.
        """
        if not self.grab():
            return False, None
        path = self.paths[self.position - 1]
        read = self.stretch.read if is_deep(path) else read_pixels
        return True, read(path)

    def release(self) -> None:
        """Nothing is held."""


class FrameList:
    """Frames at hand, or made one by one, as a stream."""

    def __init__(self, frames: Iterable[np.ndarray]) -> None:
        self.frames = iter(frames)

    def read(self) -> Tuple[bool, Optional[np.ndarray]]:
        """The next frame."""
        frame = next(self.frames, None)
        return frame is not None, frame

    def grab(self) -> bool:
        """Pass over one frame; False at the end."""
        return self.read()[0]


def open_source(source: Union[str, int]) -> Any:
    """Open a video file, a camera or a folder of images.

    Args:
        source (str or int): Path, or number of a camera, also as text.

    Returns:
        Any: With ``read()``, ``grab()`` and ``release()``.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        ValueError: If it cannot be opened.
    """
    if isinstance(source, str) and not source.isdigit():
        if osp.isdir(source):
            return ImageFolder(source)
        if '://' not in source and not osp.isfile(source):
            raise FileNotFoundError(
                f'there is no video, folder or camera {source!r}; a camera '
                'is given by its number')
    camera = isinstance(source, int) or source.isdigit()
    capture = cv2.VideoCapture(int(source) if camera else source)
    if not capture.isOpened():
        raise ValueError(
            f'{"camera" if camera else "video"} {source!r} cannot be opened; '
            'is it in use, or encoded in a way that this OpenCV lacks?')
    return capture
