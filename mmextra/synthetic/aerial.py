"""A synthetic town from above in the on-disk format of VisDrone2019-DET."""
from pathlib import Path
from typing import Dict, List, Tuple, Union

import numpy as np

from mmextra.utils.files import write_image

from .aerial_scene import KINDS, Aerial, AerialScene, object_box
from .folder import checked_counts, set_arguments, write_once

# Raise it when the same arguments give other pictures.
VERSION = 1

FOLDERS = dict(
    train='VisDrone2019-DET-train',
    val='VisDrone2019-DET-val',
    test='VisDrone2019-DET-test-dev')


def image_name(split: str, number: int) -> str:
    """Name of an image without extension; none is in two splits."""
    return f'{list(FOLDERS).index(split)}{number:06d}_00001_d_{number:07d}'


def aerial_files(arguments: dict) -> List[str]:
    """Paths below the root of a set made with these arguments."""
    return [
        f'{folder}/{part}' for split, folder in FOLDERS.items()
        for number in range(arguments[f'num_{split}'])
        for part in (f'images/{image_name(split, number)}.jpg',
                     f'annotations/{image_name(split, number)}.txt')
    ]


def scene_lines(scene: AerialScene) -> List[str]:
    """The lines of VisDrone's annotation of a scene."""
    height, width = scene.image.shape[:2]
    lines = [
        f'{x1},{y1},{x2 - x1},{y2 - y1},0,0,0,0'
        for x1, y1, x2, y2 in scene.regions
    ]
    for item in scene.objects:
        box = object_box(item.corners, width, height)
        lines.append(','.join(map(str, (*box, 1, KINDS[item.kind][0], 0, 0))))
    return lines


def make_aerial(root: Union[str, Path],
                num_train: int = 200,
                num_val: int = 40,
                num_test: int = 60,
                image_size: int = 384,
                seed: int = 0,
                objects: Tuple[int, int] = (8, 30),
                force: bool = False) -> dict:
    """Write images from a drone with small objects, as VisDrone is laid out.

    Roads, roofs, trees and clutter; cars, trucks and buses of 15 to 48
    pixels on the lanes, pedestrians of about 6 pixels anywhere, and now and
    then a dense crowd as an ignored region. No object hides another.

    Makes ``VisDrone2019-DET-(train|val|test-dev)/{images,annotations}`` and
    ``SYNTHETIC.json``. An image depends on the arguments, its split and its
    number alone. A set that is already there, made with the same arguments,
    is left as it is.

    Args:
        root (str or Path): Folder to make.
        num_train (int): Number of training images.
        num_val (int): Number of validation images.
        num_test (int): Number of test images.
        image_size (int): Side of the images in pixels; the objects grow
            with it.
        seed (int): Seed.
        objects (tuple[int, int]): Range of the number of objects per image.
        force (bool): Replace a set made here with other arguments.

    Returns:
        dict: Content of ``SYNTHETIC.json``; ``counts`` has the number of
        images and objects per split.

    Raises:
        ValueError: If an argument is out of its range.
        FileExistsError: If the folder holds anything that was not made by
            this function, or, without ``force``, by other arguments.
    """
    counts = checked_counts(num_train, num_val, num_test, image_size, 96)
    if not 0 <= objects[0] <= objects[1]:
        raise ValueError(f'objects must be (low, high), got {objects}')

    def write(place: Path) -> Dict[str, int]:
        found = {f'{split}_images': counts[split] for split in FOLDERS}
        for k, (split, folder) in enumerate(FOLDERS.items()):
            for part in ('images', 'annotations'):
                (place / folder / part).mkdir(parents=True, exist_ok=True)
            found[f'{split}_objects'] = 0
            for number in range(counts[split]):
                rng = np.random.default_rng([seed, k, number])
                scene = Aerial(rng, image_size, image_size, objects).draw()
                name = image_name(split, number)
                write_image(place / folder / 'images' / f'{name}.jpg',
                            scene.image, 92)
                (place / folder / 'annotations' / f'{name}.txt').write_text(
                    ''.join(f'{line}\n' for line in scene_lines(scene)))
                found[f'{split}_objects'] += len(scene.objects)
        return found

    arguments = set_arguments(counts, image_size, seed, objects=objects)
    return write_once(root, 'aerial', VERSION, arguments, aerial_files, write,
                      force)
