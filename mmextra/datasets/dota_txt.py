"""Text files in DOTA's format."""
from pathlib import Path
from typing import Union

from mmextra.structures import DOTAObjects, parse_dota_lines

from .text_files import read_lines


def read_dota_txt(path: Union[str, Path]) -> DOTAObjects:
    """Read an annotation file in DOTA's text format.

    Args:
        path (str | Path): The file.

    Returns:
        DOTAObjects: See :func:`~mmextra.structures.parse_dota_lines`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a line has another form or its box no area; it names
            file and line.
    """
    return parse_dota_lines(read_lines(str(path)), path)
