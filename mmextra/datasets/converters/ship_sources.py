"""Ships with turned boxes as HRSC2016, roLabelImg and COCO files have them."""
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional

import cv2
import numpy as np

from mmextra.structures import box_corners

from ..annotation_files import voc_int, voc_name
from ..bad_input import AnnotationError, BadInput, check_radians
from ..coco_json import RULES, check_entry, is_number, load_json
from ..hrsc_xml import read_hrsc_xml
from ..image_files import index_images, is_stranger
from ..text_files import read_ids, read_xml, slashes

REMEDY = 'Correct or remove the entry, or pass --on-error skip'
ANNOTATION_RULES = {
    key: RULES['annotations'][key] for key in ('image_id', 'category_id')}
OPTIONAL_RULES = dict(id=RULES['annotations']['id'])


class ShipSource(NamedTuple):
    """Where annotations are, and how their angles count.

    Attributes:
        path: Folder, or the COCO file.
        img_dir: Folder of the images; by default where the format has it.
        angle: Unit of the angle of a box, which is that of w against the
            x axis, ``'rad'`` or ``'deg'``.
        ccw: Whether these angles run counter-clockwise, not clockwise on
            the image.
    """

    path: str
    img_dir: Optional[str] = None
    angle: str = 'rad'
    ccw: bool = False


class Ship(NamedTuple):
    """One object; ``where`` is its place in the source, for messages."""

    where: str
    quad: np.ndarray
    name: str
    difficult: bool


class Record(NamedTuple):
    """One image with its objects; ``split`` is '' if the source has none."""

    split: str
    img_id: str
    image: str
    ships: List[Ship]


def rbox_quad(rbox: List[float], where: str = '', angle: str = 'rad',
              ccw: bool = False) -> np.ndarray:
    """(8,) corners of (cx, cy, w, h, angle), the angle of w, clockwise.

    Raises:
        AnnotationError: If an angle in radians is more than a turn.
    """
    if angle == 'deg':
        rbox = [*rbox[:4], np.deg2rad(rbox[4])]
    else:
        check_radians(rbox[4], f'{where}, angle', 'For a source in degrees '
                      'pass --angle deg. ' + REMEDY)
    if ccw:
        rbox = [*rbox[:4], -rbox[4]]
    return box_corners(np.array([rbox], np.float64)).reshape(8)


def find_image(images: Dict[str, str], img_id: str, where: str) -> str:
    if img_id not in images:
        raise FileNotFoundError(
            f'{where}: no image {img_id} with a known extension. Name the '
            'folder of images with --img-dir.')
    return images[img_id]


def read_hrsc(source: ShipSource, bad: BadInput) -> Iterator[Record]:
    """HRSC2016: every list in ImageSets is a split; the class is "ship"."""
    root = Path(source.path)
    lists = sorted(path for path in root.glob('ImageSets/*.txt')
                   if not is_stranger(path.name))
    if not lists:
        raise FileNotFoundError(
            f'{root / "ImageSets"} has no list of a split; the source of '
            'hrsc_xml must hold FullDataSet/{AllImages,Annotations} and '
            'ImageSets/*.txt.')
    folder = root / 'FullDataSet'
    images = index_images(source.img_dir or str(folder / 'AllImages'))
    known: Dict[str, Record] = {}
    for path in lists:
        for img_id in read_ids(str(path)):
            if img_id in known:
                yield known[img_id]._replace(split=path.stem)
                continue
            xml = folder / 'Annotations' / f'{img_id}.xml'
            image = find_image(images, img_id, str(path))
            objects = read_hrsc_xml(str(xml), bad).objects
            known[img_id] = Record(path.stem, img_id, image, [
                Ship(item.where, rbox_quad(item.rbox), 'ship',
                     item.difficult) for item in objects
            ])
            yield known[img_id]


def rolabelimg_ship(element: ET.Element, where: str,
                    source: ShipSource) -> Ship:
    """Read one <object> of roLabelImg, turned or upright.

    Raises:
        AnnotationError: If a tag is missing or no number.
    """

    def number(box: ET.Element, tag: str) -> float:
        texts = [each.text for each in box.findall(tag)]
        try:
            text, = texts
            return float(text)
        except (TypeError, ValueError):
            raise AnnotationError(
                where, f'<{tag}> must be a number, once, got {texts}',
                REMEDY) from None

    turned, upright = element.find('robndbox'), element.find('bndbox')
    if len(boxes_in(element)) > 1 and not (
            len(boxes_in(element)) == 2 and turned is not None and
            upright is not None):
        raise AnnotationError(where, 'it has several boxes', REMEDY)
    if turned is not None:
        quad = rbox_quad([
            number(turned, tag) for tag in ('cx', 'cy', 'w', 'h', 'angle')
        ], where, source.angle, source.ccw)
    elif upright is not None:
        corners = [[
            number(upright, tag) for tag in ('xmin', 'ymin', 'xmax', 'ymax')
        ]]
        quad = box_corners(np.array(corners)).reshape(8)
    else:
        raise AnnotationError(where, 'neither <robndbox> nor <bndbox>',
                              REMEDY)
    difficult = voc_int(element, 'difficult', where) != 0
    return Ship(where, quad, voc_name(element, where), difficult)


def boxes_in(element: ET.Element) -> List[ET.Element]:
    """The boxes of roLabelImg in an element, however deep."""
    return [each for each in element.iter()
            if each.find('cx') is not None or each.find('xmin') is not None]


def read_rolabelimg(source: ShipSource,
                    bad: BadInput) -> Iterator[Record]:
    """A folder of XML files as roLabelImg writes them."""
    files = sorted(path for path in Path(source.path).glob('*.xml')
                   if not is_stranger(path.name))
    if not files:
        raise FileNotFoundError(f'{source.path} has no *.xml files.')
    images = index_images(source.img_dir or source.path)
    for path in files:
        try:
            root = read_xml(str(path))
            strange = [each.tag for each in root
                       if each.tag != 'object' and boxes_in(each)]
            if strange:
                raise AnnotationError(
                    str(path), f'a box is in <{strange[0]}> and not in '
                    '<object>', REMEDY)
        except AnnotationError as error:
            bad.report(error)
            continue
        ships = []
        for k, element in enumerate(root.findall('object')):
            try:
                ships.append(
                    rolabelimg_ship(element, f'{path}, object {k}', source))
            except AnnotationError as error:
                bad.report(error)
        yield Record('', path.stem,
                     find_image(images, path.stem, str(path)), ships)


def coco_quad(item: dict, source: ShipSource,
              where: str) -> np.ndarray:
    """(8,) corners of a COCO annotation.

    Raises:
        AnnotationError: If it has neither a box of five numbers nor a
            polygon.
    """
    box = item.get('bbox') or []
    if isinstance(box, list) and len(box) == 5 and all(map(is_number, box)):
        return rbox_quad(box, where, source.angle, source.ccw)
    polygons = item.get('segmentation')
    if not isinstance(polygons, list) or not polygons or not all(
            isinstance(each, list) and len(each) >= 6 and not len(each) % 2
            and all(map(is_number, each)) for each in polygons):
        raise AnnotationError(
            where, f'bbox {box!r} is not 5 numbers and there is no polygon '
            'in segmentation', REMEDY)
    if len(polygons) == 1 and len(polygons[0]) == 8:
        return np.array(polygons[0], np.float64)
    points = np.concatenate([np.reshape(p, (-1, 2)) for p in polygons])
    return cv2.boxPoints(
        cv2.minAreaRect(points.astype(np.float32))).reshape(8)


def read_coco(source: ShipSource, bad: BadInput) -> Iterator[Record]:
    """A COCO file with rotated boxes."""
    if not source.img_dir:
        raise ValueError('coco_rbox needs --img-dir, the folder that the '
                         'file names in the JSON start from.')
    data = load_json(source.path)
    if not isinstance(data, dict) or not all(
            isinstance(data.get(key), list) for key in RULES):
        raise ValueError(f'{source.path} is not a COCO file with images, '
                         'annotations and categories.')
    names = _by_id(data, 'categories', 'name', source.path)
    images = _by_id(data, 'images', 'file_name', source.path)
    ships: Dict[int, List[Ship]] = {key: [] for key in images}
    ids = set()
    for k, item in enumerate(data['annotations']):
        where = f'{source.path}, annotation {k}'
        try:
            check_entry(item, ANNOTATION_RULES, where, OPTIONAL_RULES)
            if item.get('id') in ids:
                raise AnnotationError(
                    where, f'id {item["id"]!r} is given twice', REMEDY)
            if 'id' in item:
                ids.add(item['id'])
            if item.get('category_id') not in names:
                raise AnnotationError(
                    where, f'category_id {item.get("category_id")!r} is not '
                    'in categories', REMEDY)
            if item.get('image_id') not in images:
                raise AnnotationError(
                    where, f'image_id {item.get("image_id")!r} is not in '
                    'images', REMEDY)
            difficult = any(
                item.get(key) for key in ('iscrowd', 'ignore', 'difficult'))
            ships[item['image_id']].append(
                Ship(where, coco_quad(item, source, where),
                     names[item['category_id']], difficult))
        except AnnotationError as error:
            bad.report(error)
    for key, file_name in images.items():
        image = Path(source.img_dir) / slashes(file_name)
        yield Record('', image.stem, str(image), ships[key])


def _by_id(data: dict, kind: str, key: str, path: str) -> Dict[int, str]:
    """What the entries of a list of a COCO file say under a key."""
    rules = {name: RULES[kind][name] for name in ('id', key)}
    found: Dict[int, str] = {}
    for k, item in enumerate(data[kind]):
        where = f'{path}, {kind}[{k}]'
        check_entry(item, rules, where)
        if item['id'] in found:
            raise AnnotationError(
                where, f'id {item["id"]!r} is given twice', REMEDY)
        found[item['id']] = item[key]
    return found


READERS = dict(
    hrsc_xml=read_hrsc, rolabelimg=read_rolabelimg, coco_rbox=read_coco)
