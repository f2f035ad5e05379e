"""Synthetic CT slices in the on-disk formats of CNCB and COVIDx-CT."""
from pathlib import Path
from typing import Dict, List, Union

import numpy as np

from mmextra.utils.files import write_image

from .ct_slice import CLASSES, draw_slice
from .folder import checked_counts, set_arguments, write_once

# Raise it when the same arguments give other pictures.
VERSION = 1

SPLITS = ('train', 'val', 'test')
# Names of the classes in COVIDx-CT.
PREFIXES = dict(control='Normal', pneumonia='CP', covid='NCP')
# Slices of one patient, as in the CNCB masks.
SLICES = 5
LISTS = 'covidx_ct/{}_COVIDx-CT.txt'


def slice_names(counts: Dict[str, int]) -> Dict[str, List[str]]:
    """Names ``<patient>_<slice>`` of the slices with masks, per split."""
    first, names = 0, {}
    for split in SPLITS:
        names[split] = [
            f'{first + k // SLICES}_{10 * (k % SLICES) + 100}'
            for k in range(counts[split])
        ]
        first += -(-counts[split] // SLICES)
    return names


def image_names(counts: Dict[str, int]) -> Dict[str, List[str]]:
    """Names ``<class>_<patient>_<scan>_<slice>`` of the classified slices.

    The classes take turns; a patient has three slices of one class.
    """
    first, names = 0, {}
    for split in SPLITS:
        names[split] = []
        for k in range(counts[split]):
            prefix = PREFIXES[CLASSES[k % len(CLASSES)]]
            patient = first + len(CLASSES) * (k // 9) + k % len(CLASSES)
            names[split].append(
                f'{prefix}_{patient}_{1000 + patient}_{k // 3 % 3:04d}')
        first += len(CLASSES) * (1 + counts[split] // 9)
    return names


def ct_files(arguments: dict) -> List[str]:
    """Paths below the root of a set made with these arguments."""
    counts = {split: arguments[f'num_{split}'] for split in SPLITS}
    slices, images = slice_names(counts), image_names(counts)
    files = []
    for split in SPLITS:
        for name in slices[split]:
            files += [f'covid_data/{split}/imgs/{name}.jpg',
                      f'covid_data/{split}/masks/{name}.png']
        files += [f'covidx_ct/images/{name}.png' for name in images[split]]
        files += [f'covid_data/{split}.txt', LISTS.format(split)]
    return files


def make_ct(root: Union[str, Path],
            num_train: int = 90,
            num_val: int = 30,
            num_test: int = 45,
            image_size: int = 256,
            seed: int = 0,
            force: bool = False) -> dict:
    """Write synthetic CT slices for both tasks of COVID-CT-Mask-Net.

    Slices of a chest with lungs, vessels, airways, spine, ribs and a table.
    Common pneumonia has one or two large consolidations in one lung,
    COVID-19 several ground-glass lesions of medium size at the outer rim of
    both lungs, some with consolidation inside; controls have none. Small
    specks under 100 pixels and thick vessels are no lesions.

    Makes ``covid_data/{train,val,test}/{imgs,masks}`` with lists beside
    (masks 0 background, 1 lung, 2 ground glass, 3 consolidation; one slice
    in eight is a control), and ``covidx_ct/images`` with COVIDx-CT lists;
    each of the two has ``num_*`` images. No patient is in two splits. A set
    that is already there, made with the same arguments, is left as it is.

    Not in the paper. Nothing can be learned from it about patients.

    Args:
        root (str or Path): Folder to make.
        num_train (int): Number of training images of each task.
        num_val (int): Number of validation images.
        num_test (int): Number of test images.
        image_size (int): Side of the square images in pixels.
        seed (int): Seed.
        force (bool): Replace a set made here with other arguments.

    Returns:
        dict: Content of ``SYNTHETIC.json``.

    Raises:
        ValueError: If an argument is out of its range.
        FileExistsError: If the folder holds anything that was not made by
            this function, or, without ``force``, by other arguments.
    """
    counts = checked_counts(num_train, num_val, num_test, image_size)
    slices, images = slice_names(counts), image_names(counts)

    def write(place: Path) -> Dict[str, int]:
        for k, split in enumerate(SPLITS):
            for number, name in enumerate(slices[split]):
                rng = np.random.default_rng([seed, k, number])
                kind = 'control' if number % 8 == 7 else rng.choice(
                    ['pneumonia', 'covid'])
                image, mask, _ = draw_slice(rng, image_size, kind)
                folder = place / 'covid_data' / split
                write_image(folder / f'imgs/{name}.jpg', image)
                write_image(folder / f'masks/{name}.png', mask)
            listed = ''.join(f'{name}.jpg\n' for name in slices[split])
            (place / f'covid_data/{split}.txt').write_text(listed)
            lines = []
            for number, name in enumerate(images[split]):
                rng = np.random.default_rng([seed, k, number, 1])
                label = number % len(CLASSES)
                image, _, body = draw_slice(rng, image_size, CLASSES[label])
                write_image(place / f'covidx_ct/images/{name}.png', image)
                lines.append(' '.join(map(str, (f'{name}.png', label, *body))))
            text = ''.join(f'{line}\n' for line in lines)
            (place / LISTS.format(split)).write_text(text)
        return {f'{split}_images': counts[split] for split in SPLITS}

    arguments = set_arguments(counts, image_size, seed)
    return write_once(root, 'ct', VERSION, arguments, ct_files, write, force)
