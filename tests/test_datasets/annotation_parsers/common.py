"""What the annotation parsers of several papers share."""
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Callable, List, NamedTuple, Optional

import cv2
import numpy as np

NUMBER = re.compile(rb'-?\d+(?:\.\d+)?')
NAMES = ('bad', 'good')
WHOLE = dict(whole=True, skips=False)


class Parser(NamedTuple):
    """A parser of annotations.

    Attributes:
        valid: A good annotation file.
        make: Makes a data set of the images "bad" and "good" below a
            folder, and gives the path of the annotation file of "bad",
            which is not written.
        load: Loads it; gives the images with ``img_id`` and ``instances``.
        count: Number of objects in a file that was read without complaint,
            in a way of its own.
        whole: Whether the file is about both images.
        skips: Whether it knows ``on_error='skip'``.
        examples: How many damaged files to try.
        text: Whether the file is text.
    """
    valid: bytes
    make: Callable[[Path], Path]
    load: Callable[[Path, str], List[dict]]
    count: Callable[[bytes], int]
    whole: bool = False
    skips: bool = True
    examples: int = 60
    text: bool = True


def write_images(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in NAMES:
        cv2.imwrite(str(folder / f'{name}.png'),
                    np.zeros((60, 100, 3), np.uint8))
        # Of what kind it is stands in the file, not in its name.
        (folder / f'{name}.jpg').write_bytes(
            (folder / f'{name}.png').read_bytes())


def write_list(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / 'train.txt').write_text('bad\ngood\n')


def png(image: np.ndarray) -> bytes:
    return cv2.imencode('.png', image)[1].tobytes()


def count_boxes(content: bytes, prefixes: tuple) -> int:
    """Boxes of which at least half is there, by the tag that is oftenest in
    an element: two objects may have grown together."""
    count = 0
    for element in ET.fromstring(content).iter():
        tags = [child.tag for child in element
                if child.tag.startswith(prefixes)]
        if len(set(tags)) > 2 or len(set(tags)) == 2 and len(prefixes) > 1:
            count += max(map(tags.count, tags))
    return count


def count_lines(content: bytes, separator: Optional[bytes] = None) -> int:
    """Lines with at least half of a box in them."""
    return sum(
        sum(NUMBER.fullmatch(part.strip()) is not None
            for part in line.split(separator)) > 3
        for line in content.splitlines())


def voc_xml(first: str, second: str) -> bytes:
    box = ('<bndbox><xmin>10</xmin><ymin>5.5</ymin><xmax>40</xmax>'
           '<ymax>35</ymax></bndbox>')
    return ('<annotation><folder>a</folder><size><width>100</width>\n'
            '<height>60</height></size>\n'
            f'<object><name>{first}</name><difficult>0</difficult>\n'
            f'<trackid>0</trackid>{box}<part><name>head</name>\n'
            '<bndbox><xmin>11</xmin></bndbox></part></object>\n'
            f'<object><trackid>1</trackid>{box}<name>{second}</name>\n'
            '<occluded>1</occluded></object></annotation>\n').encode()


def count_voc(content: bytes) -> int:
    return count_boxes(content, ('xmin', 'ymin', 'xmax', 'ymax'))


def coco_json(**frames) -> bytes:
    return json.dumps(dict(
        images=[
            dict(id=n, file_name=f'{name}.png', width=100, height=60,
                 **{key: value[n - 1] for key, value in frames.items()})
            for n, name in enumerate(NAMES, 1)],
        categories=[dict(id=3, name='cup'), dict(id=7, name='dog')],
        annotations=[
            dict(id=4, image_id=1, category_id=7, bbox=[10, 5, 20, 20.5]),
            dict(id=5, image_id=1, category_id=3, bbox=[40, 8, 9, 40],
                 area=300, iscrowd=0, instance_id=1),
            dict(id=6, image_id=2, category_id=3, bbox=[1, 2, 3, 4])],
    )).encode()


def make_json(root: Path) -> Path:
    return root / 'instances.json'


def by_image(content: dict) -> List[dict]:
    return [
        dict(img_id=NAMES[number],
             instances=[item for item in content['annotations']
                        if item['image_id'] == image['id']])
        for number, image in enumerate(content['images'])
    ]


def count_json(content: bytes) -> int:
    """Different entries, however deep, with a list of four numbers."""
    found = set()

    def walk(value, place):
        if isinstance(value, dict):
            if any(isinstance(each, list) and len(each) in (4, 5) and
                   not isinstance(each[0], dict) for each in value.values()):
                found.add((place, json.dumps(value)))
            place = value.get('img_id', place)
            for each in value.values():
                walk(each, place)
        elif isinstance(value, list):
            for each in value:
                walk(each, place)

    walk(json.loads(content), None)
    return len(found)


def listed(images: List[dict]) -> List[dict]:
    """The images with one box each, any image once."""
    return [dict(img_id=name, instances=[dict(bbox=[0, 0, 1, 1])])
            for name in {str(image['img_id']) for image in images}]


def count_listed(content: bytes) -> int:
    lines = content.decode('utf-8-sig').split('\n')
    return len({Path(line.split()[0]).stem for line in lines if line.strip()})


def list_parser(make: Callable[[Path], Path], valid: bytes,
                load: Callable[[Path, str], List[dict]],
                place: str) -> Parser:
    """The list of a data set of which one annotation file is valid."""

    def make_list(root: Path) -> Path:
        make(root).write_bytes(valid)
        return root / place

    return Parser(
        b'bad\n\ngood\n', make_list, lambda root, on_error: listed(
            load(root, on_error)), count_listed, whole=True, skips=False,
        examples=30)
