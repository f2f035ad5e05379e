"""Toys on a floor, in COCO's format, some of them for few-shot learning.

A toy has a shape, a colour of its body and a colour of its mark. Sixteen
kinds are base classes, four are novel: their shapes and combinations of
colours occur in no training image. Among the toys lie strangers, things just
as colourful, no two alike, that nobody labelled: as in photographs, not
everything that looks like an object is of a known class.
"""
import colorsys
import json
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from mmextra.utils.files import write_image

from .drawing import Canvas, noise
from .folder import checked_counts, set_arguments, write_once

# Raise it when the same arguments give other pictures.
VERSION = 2

SPLITS = ('train', 'val', 'test')


def _polar(*radii: float) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    return np.array(radii)[:, None] * np.stack(
        [np.cos(angles), np.sin(angles)], 1)


def _arc(start: float, end: float, radius: float = 1.,
         number: int = 24) -> List[Tuple[float, float]]:
    angles = np.linspace(start, end, number)
    return list(zip(radius * np.cos(angles), radius * np.sin(angles)))


def _heart() -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    x = 16 * np.sin(t)**3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([x, -y], 1) / 17


_PI = np.pi
# Corners within the unit circle, about.
SHAPES: Dict[str, np.ndarray] = {
    name: np.asarray(points, float)
    for name, points in dict(
        triangle=_polar(1, 1, 1),
        block=[(-.8, -.8), (.8, -.8), (.8, .8), (-.8, .8)],
        nut=_polar(*[1] * 6),
        cross=[(-.35, -1), (.35, -1), (.35, -.35), (1, -.35), (1, .35),
               (.35, .35), (.35, 1), (-.35, 1), (-.35, .35), (-1, .35),
               (-1, -.35), (-.35, -.35)],
        arrow=[(-1, -.3), (.2, -.3), (.2, -.8), (1, 0), (.2, .8), (.2, .3),
               (-1, .3)],
        chevron=[(-.8, -.9), (0, -.9), (.9, 0), (0, .9), (-.8, .9), (.1, 0)],
        bucket=[(-1, -.7), (1, -.7), (.5, .7), (-.5, .7)],
        tile=[(-1, -.6), (.4, -.6), (1, .6), (-.4, .6)],
        hook=[(-.8, -1), (-.1, -1), (-.1, .3), (.9, .3), (.9, 1), (-.8, 1)],
        hammer=[(-1, -.9), (1, -.9), (1, -.2), (.3, -.2), (.3, 1), (-.3, 1),
                (-.3, -.2), (-1, -.2)],
        dome=_arc(_PI, 2 * _PI),
        egg=[(x, .65 * y) for x, y in _arc(0, 2 * _PI, number=32)],
        bar=[(-1, -.28), (1, -.28), (1, .28), (-1, .28)],
        hourglass=[(-.8, -1), (.8, -1), (.15, 0), (.8, 1), (-.8, 1),
                   (-.15, 0)],
        moon=_arc(.5 * _PI, 1.5 * _PI) + [
            (x * .5, y) for x, y in _arc(1.5 * _PI, .5 * _PI)],
        kite=[(0, -1), (.6, -.3), (0, 1), (-.6, -.3)],
        star=_polar(*[1, .42] * 5),
        gear=_polar(*[1, 1, .68, .68] * 7),
        heart=_heart(),
        bolt=[(-.1, -1), (.6, -1), (.15, -.2), (.7, -.2), (-.4, 1), (-.05, .1),
              (-.6, .1)]).items()
}
NOVEL_TOYS = ('star', 'gear', 'heart', 'bolt')
BASE_TOYS = tuple(name for name in SHAPES if name not in NOVEL_TOYS)
TOYS = BASE_TOYS + NOVEL_TOYS
# Corners of the mark, in units of the toy.
MARKS = (
    np.array([(-.32, -.32), (.32, -.32), (.32, .32), (-.32, .32)]),
    np.array([(-.55, -.14), (.55, -.14), (.55, .14), (-.55, .14)]),
    np.array(_arc(0, 2 * _PI, .38)),
)


def toy_look(name: str) -> Tuple[float, float, int]:
    """Hue of the body, hue of the mark (both 0 to 1) and kind of mark."""
    number = TOYS.index(name)
    # Steps that are coprime to 20 spread neighbours over the circle.
    return (number * 7 % 20 / 20, (number * 9 + 11) % 20 / 20,
            number % len(MARKS))


def stranger_look(rng: np.random.Generator) -> Tuple[float, float, int]:
    """A look as :func:`toy_look` gives, unlike that of every toy."""
    while True:
        hue, mark_hue = rng.uniform(size=2)
        if all(max(_hue_distance(hue, other), _hue_distance(mark_hue, mark))
               > .08 for other, mark, _ in map(toy_look, TOYS)):
            return hue, mark_hue, int(rng.integers(len(MARKS)))


def _hue_distance(one: float, other: float) -> float:
    return abs((one - other + .5) % 1 - .5)


def _colour(hue: float, saturation: float, value: float) -> List[float]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return [255 * blue, 255 * green, 255 * red]


def _turned(points: np.ndarray, angle: float, size: np.ndarray,
            centre: np.ndarray) -> np.ndarray:
    turn = np.array([[np.cos(angle), -np.sin(angle)],
                     [np.sin(angle), np.cos(angle)]])
    return centre + (points * size) @ turn.T


def _overlap(box: np.ndarray, other: np.ndarray) -> float:
    size = np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])
    return float(np.prod(size.clip(0)))


class Room:
    """One picture: a floor with scraps in dull colours, and toys.

    Args:
        rng (np.random.Generator): Source of randomness.
        size (int): Side in pixels.
        names (Sequence[str]): The toys to place; the one that finds no free
            place is left out.
        strangers (int): Number of unlabelled things to place.
    """

    def __init__(self, rng: np.random.Generator, size: int,
                 names: Sequence[str], strangers: int) -> None:
        self.rng, self.size = rng, size
        self.boxes: List[np.ndarray] = []
        self.names: List[str] = []
        self._taken: List[np.ndarray] = []
        floor = _colour(rng.uniform(), rng.uniform(0, .25),
                        rng.uniform(.3, .75))
        self.canvas = Canvas(size, size, floor)
        self._scraps()
        for name in names:
            box = self._place(SHAPES[name], toy_look(name))
            if box is not None:
                self.boxes.append(box)
                self.names.append(name)
        for _ in range(strangers):
            self._place(_polar(*rng.uniform(.45, 1, rng.integers(3, 9))),
                        stranger_look(rng))
        image = self.canvas.reduce()
        grain = noise(rng, (size, size), 6) * rng.uniform(4, 12)
        image += grain[..., None] + rng.normal(0, 4, image.shape)
        image *= rng.uniform(.8, 1.15)
        self.image = np.clip(np.round(image), 0, 255).astype(np.uint8)

    def _scraps(self) -> None:
        rng = self.rng
        for _ in range(rng.integers(4, 12)):
            corners = _polar(*rng.uniform(.4, 1, rng.integers(3, 8)))
            self.canvas.fill(
                _turned(corners, 0, self.size * rng.uniform(.04, .2, 2),
                        rng.uniform(0, self.size, 2)),
                _colour(rng.uniform(), rng.uniform(0, .3),
                        rng.uniform(.2, .9)))

    def _place(self, shape: np.ndarray,
               look: Tuple[float, float, int]) -> Optional[np.ndarray]:
        """Box of the thing, None if it found no place."""
        rng = self.rng
        for _ in range(30):
            radius = self.size * rng.uniform(.09, .19)
            angle = rng.uniform(-.6, .6)
            stretch = radius * rng.uniform(.85, 1.15, 2)
            centre = rng.uniform(radius, self.size - radius, 2)
            outline = _turned(shape, angle, stretch, centre)
            box = np.concatenate([outline.min(0), outline.max(0)])
            if (box < 1).any() or (box > self.size - 1).any() or any(
                    _overlap(box, other) > 0 for other in self._taken):
                continue
            hue, mark_hue, mark = look
            self.canvas.fill(outline, _colour(
                hue + rng.normal(0, .012), rng.uniform(.7, 1),
                rng.uniform(.65, 1)))
            self.canvas.fill(
                _turned(MARKS[mark], angle, stretch, centre),
                _colour(mark_hue + rng.normal(0, .012), rng.uniform(.7, 1),
                        rng.uniform(.65, 1)))
            self._taken.append(box)
            return box
        return None


def toys_files(arguments: dict) -> List[str]:
    """Paths below the root of a set made with these arguments."""
    images = [f'images/{split}/{number:05d}.png' for split in SPLITS
              for number in range(arguments[f'num_{split}'])]
    return images + [f'annotations/{split}.json' for split in SPLITS]


def make_toys(root: Union[str, Path],
              num_train: int = 400,
              num_val: int = 40,
              num_test: int = 80,
              image_size: int = 160,
              seed: int = 0,
              toys: Tuple[int, int] = (2, 5),
              strangers: Tuple[int, int] = (1, 4),
              force: bool = False) -> dict:
    """Write pictures of toys for few-shot detection, in COCO's format.

    Training images show the sixteen base classes only. Validation images,
    from which shots are to be taken, and test images show all twenty, so
    that every image of a test for novel classes is full of distractors.

    Makes ``images/{train,val,test}/*.png``,
    ``annotations/{train,val,test}.json`` and ``SYNTHETIC.json``. An image
    depends on the arguments, its split and its number alone. A set that is
    already there, made with the same arguments, is left as it is.

    Not in the paper: it uses COCO.

    Args:
        root (str or Path): Folder to make.
        num_train (int): Number of training images.
        num_val (int): Number of images to take shots from.
        num_test (int): Number of test images.
        image_size (int): Side of the images in pixels.
        seed (int): Seed.
        toys (tuple[int, int]): Range of the number of toys per image.
        strangers (tuple[int, int]): The same of unlabelled things.
        force (bool): Replace a set made here with other arguments.

    Returns:
        dict: Content of ``SYNTHETIC.json``; ``counts`` has the number of
        images and toys per split.

    Raises:
        ValueError: If an argument is out of its range.
        FileExistsError: If the folder holds anything that was not made by
            this function, or, without ``force``, by other arguments.
    """
    counts = checked_counts(num_train, num_val, num_test, image_size)
    if not 1 <= toys[0] <= toys[1]:
        raise ValueError(f'toys must be (low, high), got {toys}')
    if not 0 <= strangers[0] <= strangers[1]:
        raise ValueError(f'strangers must be (low, high), got {strangers}')

    def write(place: Path) -> Dict[str, int]:
        found = {f'{split}_images': counts[split] for split in SPLITS}
        for k, split in enumerate(SPLITS):
            rooms = []
            for number in range(counts[split]):
                rng = np.random.default_rng([seed, k, number])
                names = _draw_names(rng, split, number, toys)
                room = Room(rng, image_size, names, int(
                    rng.integers(strangers[0], strangers[1] + 1)))
                path = place / 'images' / split / f'{number:05d}.png'
                write_image(path, room.image)
                rooms.append((path.name, room.names, room.boxes))
            text = json.dumps(coco_dict(rooms, image_size, 10**5 * k))
            (place / 'annotations' / f'{split}.json').write_text(text)
            found[f'{split}_toys'] = sum(len(r[1]) for r in rooms)
        return found

    arguments = set_arguments(
        counts, image_size, seed, toys=toys, strangers=strangers)
    return write_once(root, 'toys', VERSION, arguments, toys_files, write,
                      force)


def _draw_names(rng: np.random.Generator, split: str, number: int,
                toys: Tuple[int, int]) -> List[str]:
    total = int(rng.integers(toys[0], toys[1] + 1))
    if split == 'train':
        return list(rng.choice(BASE_TOYS, total))
    # Every novel class in turn, so that each has its shots.
    names = [NOVEL_TOYS[number % len(NOVEL_TOYS)]]
    return names + list(rng.choice(TOYS, total - 1))


def coco_dict(rooms: Sequence[tuple], image_size: int, first_id: int) -> dict:
    """COCO's dictionary of pictures.

    Args:
        rooms (Sequence[tuple]): File name, toys and boxes (x1, y1, x2, y2)
            of each picture.
        image_size (int): Side of the pictures.
        first_id (int): Ids of images and boxes start there.

    Returns:
        dict: ``images``, ``annotations`` and ``categories``.
    """
    images, annotations = [], []
    for number, (file_name, names, boxes) in enumerate(rooms):
        images.append(dict(id=first_id + number, file_name=file_name,
                           width=image_size, height=image_size))
        for name, box in zip(names, boxes):
            x1, y1, x2, y2 = (round(float(v), 2) for v in box)
            annotations.append(dict(
                # Not 0, which COCO's evaluation takes for no match.
                id=first_id + len(annotations) + 1,
                image_id=first_id + number,
                category_id=TOYS.index(str(name)) + 1, iscrowd=0,
                bbox=[x1, y1, round(x2 - x1, 2), round(y2 - y1, 2)],
                area=round((x2 - x1) * (y2 - y1), 2)))
    categories = [dict(id=i, name=name) for i, name in enumerate(TOYS, 1)]
    return dict(images=images, annotations=annotations,
                categories=categories)
