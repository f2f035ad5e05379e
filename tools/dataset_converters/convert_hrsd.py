"""Convert ship annotations to the layout that HRSDDataset reads.

    images/<id>.(png|jpg|jpeg|bmp|tif|tiff)
    labelTxt/<id>.txt     x1 y1 x2 y2 x3 y3 x4 y4 class difficulty
    ImageSets/<split>.txt     one id per line

hrsc_xml reads the folder of an HRSC2016, with its splits; rolabelimg a folder
of XML files with <robndbox> (angle of w in radians, clockwise); coco_rbox a
COCO file whose boxes have five numbers (cx, cy, w, h, angle), or whose
segmentations are polygons. Several runs may write into one folder.

    python tools/dataset_converters/convert_hrsd.py --from hrsc_xml \
data/hrsc data/hrsd
    python tools/dataset_converters/convert_hrsd.py --from rolabelimg \
labels/ data/hrsd --img-dir images/ --lists train=train.txt val=val.txt
"""
import argparse
import os
import shutil
import sys
import warnings
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Set

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mmextra.datasets.annotation_files import (  # noqa: E402
    voc_int,
    voc_name,
)
from mmextra.datasets.bad_input import (  # noqa: E402
    AnnotationError,
    BadInput,
    box_problem,
    check_radians,
)
from mmextra.datasets.class_names import hint  # noqa: E402
from mmextra.datasets.coco_json import (  # noqa: E402
    RULES,
    check_entry,
    is_number,
    load_json,
)
from mmextra.datasets.hrsc_xml import read_hrsc_xml  # noqa: E402
from mmextra.datasets.image_files import (  # noqa: E402
    image_size,
    index_images,
    is_stranger,
)
from mmextra.datasets.text_files import (  # noqa: E402
    read_ids,
    read_xml,
    slashes,
)
from mmextra.structures import box_corners  # noqa: E402

REMEDY = 'Correct or remove the entry, or pass --on-error skip'
ANNOTATION_RULES = {
    key: RULES['annotations'][key] for key in ('image_id', 'category_id')}


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


def read_hrsc(args: argparse.Namespace, bad: BadInput) -> Iterator[Record]:
    """HRSC2016: every list in ImageSets is a split; the class is "ship"."""
    root = Path(args.source)
    lists = sorted(root.glob('ImageSets/*.txt'))
    if not lists:
        raise FileNotFoundError(
            f'{root / "ImageSets"} has no list of a split; the source of '
            'hrsc_xml must hold FullDataSet/{AllImages,Annotations} and '
            'ImageSets/*.txt.')
    folder = root / 'FullDataSet'
    images = index_images(args.img_dir or str(folder / 'AllImages'))
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
                    args: argparse.Namespace) -> Ship:
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
        ], where, args.angle, args.ccw)
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


def read_rolabelimg(args: argparse.Namespace,
                    bad: BadInput) -> Iterator[Record]:
    """A folder of XML files as roLabelImg writes them."""
    files = sorted(path for path in Path(args.source).glob('*.xml')
                   if not is_stranger(path.name))
    if not files:
        raise FileNotFoundError(f'{args.source} has no *.xml files.')
    images = index_images(args.img_dir or args.source)
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
                    rolabelimg_ship(element, f'{path}, object {k}', args))
            except AnnotationError as error:
                bad.report(error)
        yield Record('', path.stem,
                     find_image(images, path.stem, str(path)), ships)


def coco_quad(item: dict, args: argparse.Namespace,
              where: str) -> np.ndarray:
    """(8,) corners of a COCO annotation.

    Raises:
        AnnotationError: If it has neither a box of five numbers nor a
            polygon.
    """
    box = item.get('bbox') or []
    if isinstance(box, list) and len(box) == 5 and all(map(is_number, box)):
        return rbox_quad(box, where, args.angle, args.ccw)
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


def read_coco(args: argparse.Namespace, bad: BadInput) -> Iterator[Record]:
    """A COCO file with rotated boxes."""
    if not args.img_dir:
        raise ValueError('coco_rbox needs --img-dir, the folder that the '
                         'file names in the JSON start from.')
    data = load_json(args.source)
    if not isinstance(data, dict) or not all(
            isinstance(data.get(key), list) for key in RULES):
        raise ValueError(f'{args.source} is not a COCO file with images, '
                         'annotations and categories.')
    names = _by_id(data, 'categories', 'name', args.source)
    images = _by_id(data, 'images', 'file_name', args.source)
    ships: Dict[int, List[Ship]] = {key: [] for key in images}
    for k, item in enumerate(data['annotations']):
        where = f'{args.source}, annotation {k}'
        try:
            check_entry(item, ANNOTATION_RULES, where)
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
                Ship(where, coco_quad(item, args, where),
                     names[item['category_id']], difficult))
        except AnnotationError as error:
            bad.report(error)
    for key, file_name in images.items():
        image = Path(args.img_dir) / slashes(file_name)
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


def label_lines(record: Record, rename: Dict[str, str],
                bad: BadInput) -> List[str]:
    """The lines of the text file of one image."""
    width, height = image_size(record.image)
    lines = []
    for ship in record.ships:
        problem = box_problem(ship.quad, width, height)
        if problem:
            bad.report(AnnotationError(ship.where, problem, REMEDY))
            continue
        name = rename.get(ship.name, ship.name)
        # Fields are separated by blanks.
        lines.append(' '.join([f'{v:.4f}' for v in ship.quad] +
                              ['_'.join(name.split()),
                               str(int(ship.difficult))]))
    return lines


def place_image(source: str, folder: Path, img_id: str, link: bool) -> None:
    target = folder / (img_id + Path(source).suffix.lower())
    if target.is_symlink() or target.exists():
        if target.resolve() == Path(source).resolve():
            return
        target.unlink()
    if link:
        os.symlink(Path(source).resolve(), target)
    else:
        shutil.copyfile(source, target)


def write_record(record: Record, out: Path, rename: Dict[str, str],
                 link: bool, bad: BadInput) -> None:
    """Write the text file and the image of one record."""
    lines = label_lines(record, rename, bad)
    place_image(record.image, out / 'images', record.img_id, link)
    (out / 'labelTxt' / f'{record.img_id}.txt').write_text(
        ''.join(f'{line}\n' for line in lines))


def pairs(texts: List[str], option: str) -> Dict[str, str]:
    """Read NAME=VALUE arguments."""
    for text in texts:
        if '=' not in text:
            raise ValueError(f'{option} takes NAME=VALUE, got {text!r}')
    return dict(text.split('=', 1) for text in texts)


def convert(args: argparse.Namespace) -> Dict[str, int]:
    """Convert; returns the number of images per split."""
    bad = BadInput(args.on_error)
    rename = pairs(args.rename, '--rename')
    lists = {
        name: read_ids(path)
        for name, path in pairs(args.lists, '--lists').items()
    }
    out = Path(args.out)
    for name in ('images', 'labelTxt', 'ImageSets'):
        (out / name).mkdir(parents=True, exist_ok=True)
    splits: Dict[str, List[str]] = {}
    done: Dict[str, str] = {}
    good: Set[str] = set()
    found: Set[str] = set()
    for record in READERS[args.format](args, bad):
        found.update(ship.name for ship in record.ships)
        new = record.img_id not in done
        if done.setdefault(record.img_id, record.image) != record.image:
            raise ValueError(
                f'{record.image} and {done[record.img_id]} would both become '
                f'{record.img_id}; rename one of them.')
        if new:
            try:
                write_record(record, out, rename, args.link, bad)
            except (ValueError, FileNotFoundError) as error:
                bad.report(error)
            else:
                good.add(record.img_id)
        splits.setdefault(record.split or args.split,
                          []).append(record.img_id)
    if lists:
        for name, ids in lists.items():
            missing = [i for i in ids if i not in done]
            if missing:
                raise ValueError(
                    f'--lists {name}: {len(missing)} ids are not in the '
                    f'source, the first: {missing[0]}')
        splits = lists
    bad.summarise(args.source)
    strange = [name for name in rename if name not in found]
    if strange:
        warnings.warn(
            f'--rename: no object is called {" or ".join(strange)}; there '
            f'are {sorted(found)}; {hint(strange, sorted(found))}',
            stacklevel=2)
    counts = {}
    for name, ids in splits.items():
        ids = [i for i in ids if i in good]
        counts[name] = len(ids)
        (out / 'ImageSets' / f'{name}.txt').write_text(
            ''.join(f'{i}\n' for i in ids))
    return counts


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--from', dest='format', choices=sorted(READERS),
                        required=True, help='format of the source')
    parser.add_argument('source', help='folder, or the COCO file')
    parser.add_argument('out', help='folder to write into')
    parser.add_argument('--img-dir', help='folder of the images')
    parser.add_argument(
        '--split', default='train',
        help='name of the list to write if the source has no splits')
    parser.add_argument('--lists', nargs='+', default=[], metavar='NAME=FILE',
                        help='splits, as lists of ids')
    parser.add_argument('--rename', nargs='+', default=[], metavar='OLD=NEW',
                        help='other names for classes')
    parser.add_argument('--angle', choices=('rad', 'deg'), default='rad',
                        help='unit of the angle of a box, which is that of '
                        'w against the x axis (rolabelimg, coco_rbox)')
    parser.add_argument('--ccw', action='store_true',
                        help='angles run counter-clockwise, not clockwise on '
                        'the image (rolabelimg, coco_rbox)')
    parser.add_argument('--link', action='store_true',
                        help='link the images instead of copying them')
    parser.add_argument('--on-error', choices=('raise', 'skip'),
                        default='raise',
                        help='stop at a bad entry, or skip and count')
    return parser.parse_args(argv)


def main(argv: Optional[List[str]] = None) -> None:
    args = parse_args(argv)
    try:
        counts = convert(args)
    except (ValueError, OSError) as error:
        sys.exit(f'convert_hrsd.py: {error}')
    print(f'{args.out}: ' + ', '.join(
        f'{name} {count} images' for name, count in counts.items()))


if __name__ == '__main__':
    main()
