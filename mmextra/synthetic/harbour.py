"""A synthetic harbour in the on-disk format of HRSC2016."""
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Dict, List, Optional, Tuple, Union

import numpy as np

from mmextra.utils.files import write_image

from .folder import checked_counts, set_arguments, write_once
from .harbour_scene import Harbour, Scene
from .ships import Ship

# Raise it when the same arguments give other pictures.
VERSION = 1

SPLITS = ('train', 'val', 'test')
# Class_ID of "ship", the first of HRSC2016's 31 classes.
SHIP_CLASS = '100000001'
# Width and height as shares of the image size: HRSC2016 is rarely square.
SHAPES = ((1., 1.), (1., 1.), (1., .75), (.75, 1.), (1., .875))
# Of the image size, at which 256 gives ships of 23 to 110 pixels.
SHIP_LENGTHS = (0.09, 0.43)
# A ship that is seen less than this, or narrower, is marked difficult.
EASY_VISIBLE = 0.7
EASY_BEAM = 4.0


def image_ids(counts: Dict[str, int]) -> Dict[str, List[str]]:
    """HRSC-like nine-digit ids per split; none is in two splits."""
    return {
        split: [str(100000001 + 100000 * k + i) for i in range(counts[split])]
        for k, split in enumerate(SPLITS)
    }


def harbour_files(arguments: dict) -> List[str]:
    """Paths below the root of a harbour made with these arguments."""
    ids = image_ids({s: arguments[f'num_{s}'] for s in SPLITS})
    files = [
        f'FullDataSet/{name}' for split in SPLITS for i in ids[split]
        for name in (f'AllImages/{i}.bmp', f'Annotations/{i}.xml')
    ]
    return files + [f'ImageSets/{name}.txt' for name in (*SPLITS, 'trainval')]


def scene_xml(image_id: str, scene: Scene) -> ET.ElementTree:
    """The annotation of a scene with the tags of HRSC2016.

    As in HRSC2016 the rotated box of a ship cut by the image edge goes on
    beyond it, while ``box_xmin`` to ``box_ymax`` are clipped. A ship is in
    the picture only if its centre and half of its box are, so there are no
    visible parts of ships without annotation.

    Args:
        image_id (str): The id, also the name of the file.
        scene (Scene): The scene.

    Returns:
        xml.etree.ElementTree.ElementTree: The document.
    """
    height, width = scene.image.shape[:2]
    root = ET.Element('HRSC_Image')
    for tag, value in (('Img_ID', image_id), ('Img_FileName', image_id),
                       ('Img_FileFmt', 'bmp'), ('Img_SizeWidth', width),
                       ('Img_SizeHeight', height), ('Img_SizeDepth', 3),
                       ('Annotated', 1)):
        ET.SubElement(root, tag).text = str(value)
    objects = ET.SubElement(root, 'HRSC_Objects')
    for k, (ship, visible) in enumerate(zip(scene.ships, scene.visible)):
        item = ET.SubElement(objects, 'HRSC_Object')
        tags = _object_tags(ship, visible, width, height)
        for tag, value in (('Object_ID', f'{image_id}{k:03d}'), *tags):
            ET.SubElement(item, tag).text = value
    tree = ET.ElementTree(root)
    if hasattr(ET, 'indent'):  # Python 3.9
        ET.indent(tree)
    return tree


def _object_tags(ship: Ship, visible: float, width: int,
                 height: int) -> Tuple[Tuple[str, str], ...]:
    low = np.floor(ship.corners.min(0)).astype(int)
    high = np.ceil(ship.corners.max(0)).astype(int)
    bow = np.round(ship.place([[0.5, 0.]])[0]).astype(int)
    truncated = (low < 0).any() or (high > (width, height)).any()
    difficult = visible < EASY_VISIBLE or ship.beam < EASY_BEAM
    cx, cy, w, h, angle = ship.box
    return (
        ('Class_ID', SHIP_CLASS),
        ('truncated', str(int(truncated))),
        ('difficult', str(int(difficult))),
        ('box_xmin', str(max(low[0], 0))),
        ('box_ymin', str(max(low[1], 0))),
        ('box_xmax', str(min(high[0], width))),
        ('box_ymax', str(min(high[1], height))),
        ('mbox_cx', f'{cx:.4f}'),
        ('mbox_cy', f'{cy:.4f}'),
        ('mbox_w', f'{w:.4f}'),
        ('mbox_h', f'{h:.4f}'),
        ('mbox_ang', f'{angle:.6f}'),
        ('header_x', str(bow[0])),
        ('header_y', str(bow[1])),
    )


def make_harbour(root: Union[str, Path],
                 num_train: int = 240,
                 num_val: int = 40,
                 num_test: int = 60,
                 image_size: int = 256,
                 seed: int = 0,
                 ships: Tuple[int, int] = (6, 15),
                 ship_length: Optional[Tuple[float, float]] = None,
                 force: bool = False) -> dict:
    """Write harbour images with rotated ships, as HRSC2016 is laid out.

    Sea with waves, quays with roofs, containers, cars and trees, pontoons,
    rafts and buoys; ships of 1:3 to 1:8 with pointed bows, moored side by
    side or end to end at any angle, at anchor or under way with a wake. No
    ship hides another, and every hull touches all four sides of its box.

    Makes ``FullDataSet/{AllImages/*.bmp,Annotations/*.xml}``,
    ``ImageSets/{train,val,trainval,test}.txt`` and ``SYNTHETIC.json``. An
    image depends on the arguments, its split and its number alone. A set
    that is already there, made with the same arguments, is left as it is.

    Not in the paper: the paper trains on HRSC2016 and HRSD alone.

    Args:
        root (str or Path): Folder to make.
        num_train (int): Number of training images.
        num_val (int): Number of validation images.
        num_test (int): Number of test images.
        image_size (int): Longer side of the images in pixels; about two
            fifths of the images are square.
        seed (int): Seed.
        ships (tuple[int, int]): Range of the number of ships per image.
        ship_length (tuple[float, float], optional): Range of the lengths in
            pixels; without it in proportion to ``image_size``.
        force (bool): Replace a set made here with other arguments.

    Returns:
        dict: Content of ``SYNTHETIC.json``; ``counts`` has the number of
        images and ships per split.

    Raises:
        ValueError: If an argument is out of its range.
        FileExistsError: If the folder holds anything that was not made by
            this function, or, without ``force``, by other arguments.
    """
    counts = checked_counts(num_train, num_val, num_test, image_size)
    if not 0 <= ships[0] <= ships[1]:
        raise ValueError(f'ships must be (low, high), got {ships}')
    if ship_length is None:
        ship_length = tuple(round(s * image_size, 2) for s in SHIP_LENGTHS)
    if not 4 <= ship_length[0] < ship_length[1] <= image_size:
        raise ValueError(
            'ship_length must be (low, high) pixels with 4 <= low < high <= '
            f'image_size ({image_size}), got {ship_length}')

    ids = image_ids(counts)
    lists = dict(ids, trainval=ids['train'] + ids['val'])

    def write(place: Path) -> Dict[str, int]:
        found = {f'{split}_images': counts[split] for split in SPLITS}
        for k, split in enumerate(SPLITS):
            found[f'{split}_ships'] = 0
            for number, image_id in enumerate(ids[split]):
                rng = np.random.default_rng([seed, k, number])
                shape = SHAPES[rng.integers(len(SHAPES))]
                width, height = (int(round(image_size * s)) for s in shape)
                scene = Harbour(rng, width, height, ships,
                                ship_length).draw()
                _write_files(place / 'FullDataSet', image_id, scene)
                found[f'{split}_ships'] += len(scene.ships)
        for name, members in lists.items():
            text = ''.join(f'{i}\n' for i in members)
            (place / 'ImageSets' / f'{name}.txt').write_text(text)
        return found

    arguments = set_arguments(
        counts, image_size, seed, ships=ships, ship_length=ship_length)
    return write_once(root, 'harbour', VERSION, arguments, harbour_files,
                      write, force)


def _write_files(folder: Path, image_id: str, scene: Scene) -> None:
    write_image(folder / 'AllImages' / f'{image_id}.bmp', scene.image)
    scene_xml(image_id, scene).write(
        str(folder / 'Annotations' / f'{image_id}.xml'),
        encoding='utf-8',
        xml_declaration=True)
