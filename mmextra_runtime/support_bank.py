"""Features of the classes that a few-shot detector was shown."""
from pathlib import Path
from typing import Sequence, Union

import numpy as np

BANK_KEYS = {'classes', 'maps', 'rois'}


class SupportBank:
    """What a detector knows of the classes it was shown.

    Args:
        classes (Sequence[str]): Names of S classes.
        maps (np.ndarray): (S, C, h, w) what the proposals are compared
            with.
        rois (np.ndarray): (S, C', r, r) what the boxes are compared with.

    Raises:
        ValueError: If the numbers differ.
    """

    def __init__(self, classes: Sequence[str], maps: np.ndarray,
                 rois: np.ndarray) -> None:
        if not len(classes) == len(maps) == len(rois) or not len(classes):
            raise ValueError(
                f'a support bank of {len(classes)} classes has {len(maps)} '
                f'maps and {len(rois)} RoIs; it needs one of each, and at '
                'least one class')
        self.classes = tuple(str(name) for name in classes)
        self.maps, self.rois = maps, rois

    def save(self, path: Union[str, Path]) -> None:
        """Write it to a file ``.npz``."""
        with open(path, 'wb') as file:
            np.savez_compressed(file, classes=np.array(self.classes),
                                maps=self.maps, rois=self.rois)

    @classmethod
    def load(cls, path: Union[str, Path]) -> 'SupportBank':
        """Read what :meth:`save` wrote.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is no support bank.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f'there is no support bank {path}')
        try:
            # Arrays of numbers and text only, never code.
            with np.load(path, allow_pickle=False) as file:
                data = dict(file)
        except Exception as error:
            raise ValueError(f'{path} is no support bank: {error}') from error
        if set(data) != BANK_KEYS:
            raise ValueError(
                f'{path} is no support bank: it has {sorted(data)}, not '
                f'{sorted(BANK_KEYS)}')
        return cls(data['classes'].tolist(), data['maps'], data['rois'])
