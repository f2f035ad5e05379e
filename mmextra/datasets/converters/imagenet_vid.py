"""ImageNet VID and DET as COCO-VID and COCO files, for whole data sets."""
import warnings
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from mmextra.utils.files import write_json

from ..ilsvrc_vid import (
    PAPER_VIDEOS,
    convert_det,
    convert_videos,
    find_videos,
)
from ..text_files import read_lines, slashes


def read_frame_list(path: Path) -> Dict[str, List[int]]:
    """Frames for training on single images, as FGFA's lists give them.

    Args:
        path (Path): Lines ``video 1 frame-number ...``.

    Returns:
        dict[str, list[int]]: Numbers of each video's frames.

    Raises:
        ValueError: If a line is not of this form; it is named.
    """
    frames: Dict[str, List[int]] = {}
    for number, line in enumerate(read_lines(str(path)), 1):
        parts = line.split()
        if not parts:
            continue
        if len(parts) < 3 or not parts[2].isdigit():
            raise ValueError(
                f'{path}, line {number}: expected "video 1 frame-number '
                f'..." as in FGFA\'s VID_train_15frames.txt, got {line!r}')
        frames.setdefault(slashes(parts[0]), []).append(int(parts[2]))
    if len(frames) > 1 and all(each == [0] for each in frames.values()):
        raise ValueError(
            f'{path} names frame 0 of every video and no other; it seems to '
            'be a list of videos, "video first-id 0 length", and not of '
            'frames as VID_train_15frames.txt')
    return frames


def write_imagenet_vid(root: Path,
                       splits: Sequence[Tuple[str, Sequence[str]]], *,
                       lists: Optional[Dict[str, List[int]]] = None,
                       frames_per_video: int = 15,
                       det: bool = False,
                       max_per_class: Optional[int] = None,
                       workers: int = 0) -> Iterator[Tuple[Path, dict]]:
    """Write the files into ``root/annotations``, one after the other.

    Args:
        root (Path): Folder with ``Annotations`` and ``Data``.
        splits (Sequence[tuple]): Names and patterns of their videos; the
            first is trained on, also as single images.
        lists (dict, optional): Frames for that, see :func:`read_frame_list`.
        frames_per_video (int): How many such frames without ``lists``.
        det (bool): Also convert ImageNet DET.
        max_per_class (int, optional): Images of DET for each class.
        workers (int): Processes that read.

    Yields:
        tuple[Path, dict]: A file and its content.

    Raises:
        FileNotFoundError: If a folder or a file is missing.
        ValueError: If an annotation or a list is malformed.
    """
    out = root / 'annotations'
    out.mkdir(exist_ok=True)

    def write(name: str, content: dict) -> Tuple[Path, dict]:
        write_json(out / f'{name}.json', content)
        return out / f'{name}.json', content

    for number, (split, patterns) in enumerate(splits):
        names = find_videos(str(root), patterns)
        if len(names) != PAPER_VIDEOS.get(split, len(names)):
            warnings.warn(
                f'{split}: {len(names)} videos, ImageNet VID has '
                f'{PAPER_VIDEOS[split]}', stacklevel=2)
        videos, images = convert_videos(
            str(root), names, number == 0, lists, frames_per_video, workers)
        yield write(f'imagenet_vid_{split}', videos)
        if number == 0:
            yield write(f'imagenet_vid_{split}_15frames', images)
    if det:
        yield write('imagenet_det_30cls',
                    convert_det(str(root), max_per_class))
