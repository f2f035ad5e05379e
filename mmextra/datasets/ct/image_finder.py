"""Find listed slices under the names that they have on disk."""
import os
import os.path as osp
from typing import Dict, List, Optional, Set, Tuple

from ..ct_files import slice_file
from ..image_files import EXTENSIONS
from .names import CTName, listed_name, parse_ct_name

# COVIDx-CT renamed its first lists when there were more.
LIST_NAMES = (('{}_COVIDx-CT.txt', '{}_COVIDx_CT-1.txt'), )
SPLITS = ('train', 'val', 'test')


def slice_key(name: CTName) -> Tuple[int, ...]:
    """Class, patient, scan and slice as numbers."""
    return tuple(map(int, name))


class ImageFinder:
    """Images by name, or by the class, patient, scan and slice in it.

    The images of COVIDx-CT are named ``NCP_96_1328_0032.png``, those in the
    authors' list ``2_96_1328_0032.png``; either list goes with either
    images.

    Args:
        prefer_listed (bool): Of an image under both names the one that is
            listed counts; else the authors'.

    Attributes:
        lost (set[str]): What was looked for in vain.
        renamed (int): How many were found under another name.
        example (tuple[str]): The first of these, listed and found.
    """

    def __init__(self, prefer_listed: bool = True) -> None:
        self.prefer_listed = prefer_listed
        self.lost: Set[str] = set()
        self.renamed = 0
        self.example = ('', '')
        # By folder; read only once a name is not found there.
        self._folders: Dict[str, Dict[tuple, str]] = {}

    def find(self, folder: str, name: str, parsed: Optional[CTName]) -> str:
        """The file of a listed image.

        Args:
            folder (str): The folder of images.
            name (str): As the list has it. A path that is not there loses
                its first folders until it is.
            parsed (CTName, optional): What the name says, if it does.

        Returns:
            str: The file. One that does not exist is given as it was
            looked for first, and joins ``lost``.
        """
        parts = name.split('/')
        for k in range(len(parts)):
            found = self._find(
                osp.join(folder, '/'.join(parts[k:])), parsed)
            if found:
                return found
        lost = self._paths(osp.join(folder, name), parsed)[0]
        self.lost.add(lost)
        return lost

    def _paths(self, path: str, parsed: Optional[CTName]) -> List[str]:
        """A listed image under its names, the better first."""
        if not parsed or self.prefer_listed:
            return [path]
        folder, base = osp.split(path)
        return [osp.join(folder, listed_name(parsed) + osp.splitext(base)[1]),
                path]

    def _find(self, path: str, parsed: Optional[CTName]) -> str:
        """A file of a name, or of what it says; empty if there is none."""
        for each in self._paths(path, parsed):
            if osp.isfile(slice_file(each)):
                return each
        folder, base = osp.split(path)
        other = parsed and self._index(folder).get(slice_key(parsed))
        if not other:
            return ''
        self.renamed += 1
        if self.renamed == 1:
            self.example = (base, other)
        return osp.join(folder, other)

    def _index(self, folder: str) -> Dict[tuple, str]:
        if folder not in self._folders:
            found: Dict[tuple, str] = {}
            names = sorted(os.listdir(folder or '.')) if osp.isdir(
                folder or '.') else []
            for name in names:
                parsed = parse_ct_name(name)
                if parsed and name.lower().endswith(EXTENSIONS):
                    found.setdefault(slice_key(parsed), name)
            self._folders[folder] = found
        return self._folders[folder]


def find_list(path: str) -> str:
    """A list of COVIDx-CT 1 under the name it has today, or had before.

    Args:
        path (str): The list.

    Returns:
        str: The same if it exists, or if there is no other; else the list
        of the other name beside it or in ``splits/v1``.
    """
    folder, base = osp.split(path)
    if osp.exists(path):
        return path
    for split in SPLITS:
        for names in LIST_NAMES:
            names = [name.format(split) for name in names]
            if base not in names:
                continue
            for place in ('', 'splits/v1'):
                for name in names:
                    other = osp.join(folder, place, name)
                    if osp.isfile(other):
                        return other
    return path
