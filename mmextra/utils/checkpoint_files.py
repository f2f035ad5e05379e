"""Checkpoint files on disk: whether they are whole, and which is the last.

mmengine writes a checkpoint in place and then its path into
``last_checkpoint``. After a full disk or a power cut the last file may be
cut short, and torch's error names neither the file nor what to do.
"""
import re
import zipfile
from pathlib import Path
from typing import List, Optional, Union

LAST = 'last_checkpoint'
ZIP_MAGIC = b'PK\x03\x04'
PERIODIC = re.compile(r'(?:epoch|iter)_(\d+)\.pth')


def checkpoint_problem(path: Union[str, Path]) -> str:
    """Why a file cannot be a whole checkpoint, without reading all of it.

    A checkpoint is a zip archive, whose table of contents is at its end.
    Files in torch's format before 1.6 are only seen to be empty or zeros.

    Args:
        path (str or Path): The file.

    Returns:
        str: The problem; empty if none is seen.
    """
    path = Path(path)
    if not path.is_file():
        return 'does not exist'
    with open(path, 'rb') as file:
        head = file.read(512)
    if not head:
        return 'is empty'
    if not any(head):
        return 'holds zeros'
    if head[:4] == ZIP_MAGIC[:len(head)] and not zipfile.is_zipfile(path):
        return (f'is cut short (its {path.stat().st_size} bytes lack the '
                'end of the archive)')
    return ''


def usable_checkpoints(work_dir: Union[str, Path]) -> List[Path]:
    """The whole checkpoints among those saved from time to time.

    Args:
        work_dir (str or Path): The folder of a training.

    Returns:
        List[Path]: The files ``epoch_*.pth`` and ``iter_*.pth``, the latest
        first.
    """
    found = []
    for path in Path(work_dir).glob('*.pth'):
        match = PERIODIC.fullmatch(path.name)
        if match and not checkpoint_problem(path):
            found.append((int(match.group(1)), path))
    return [path for _, path in sorted(found, reverse=True)]


def last_checkpoint(work_dir: Union[str, Path]) -> Optional[Path]:
    """The checkpoint that a training saved last, as it says itself.

    Args:
        work_dir (str or Path): The folder of the training. It may have been
            moved: only the file's name is used.

    Returns:
        Path: The file, which need not be whole; None before the first.
    """
    record = Path(work_dir) / LAST
    if not record.is_file():
        return None
    name = Path(record.read_text().strip()).name
    return Path(work_dir) / name if name else None


def refusal(path: Union[str, Path],
            work_dir: Optional[Union[str, Path]] = None) -> str:
    """What to tell a user whose checkpoint is not whole.

    Args:
        path (str or Path): The checkpoint.
        work_dir (str or Path, optional): Where to look for others; by
            default the checkpoint's own folder.

    Returns:
        str: File, problem and the latest file that can be used; empty if
        the checkpoint is whole.
    """
    problem = checkpoint_problem(path)
    if not problem:
        return ''
    folder = Path(work_dir or Path(path).parent)
    others = usable_checkpoints(folder)
    remedy = (
        f'The latest whole one is {others[0]}; a training goes on from it '
        f'with "--resume {others[0]}".' if others else
        f'There is no whole checkpoint in {folder}.')
    return f'the checkpoint {path} {problem}. {remedy}'
