"""Every parser of annotations: a good file, how to load it, what is in it."""
import json
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Callable, List, NamedTuple, Optional

import cv2
import numpy as np
from mmengine.registry import init_default_scope

from mmextra.datasets import (
    CTImageDataset,
    CTLesionDataset,
    DIORVASDataset,
    FewShotCocoDataset,
    FewShotVOCDataset,
    HRSC2016Dataset,
    HRSDDataset,
    ImageNetVIDDataset,
    VisDroneDataset,
)
from mmextra.datasets.coco_json import read_coco
from mmextra.datasets.ilsvrc_vid import convert_videos
from tests.helpers import load_tool

NUMBER = re.compile(rb'-?\d+(?:\.\d+)?')
NAMES = ('bad', 'good')


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
    """
    valid: bytes
    make: Callable[[Path], Path]
    load: Callable[[Path, str], List[dict]]
    count: Callable[[bytes], int]
    whole: bool = False
    skips: bool = True
    examples: int = 100


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


# HRSC2016

HRSC_XML = b"""<?xml version="1.0" encoding="utf-8"?>
<HRSC_Image><Img_SizeWidth>100</Img_SizeWidth>
<Img_SizeHeight>60</Img_SizeHeight><HRSC_Objects>
<HRSC_Object><Object_ID>1</Object_ID><Class_ID>100000001</Class_ID>
<difficult>0</difficult><mbox_cx>50.5</mbox_cx><mbox_cy>30</mbox_cy>
<mbox_w>40</mbox_w><mbox_h>10</mbox_h><mbox_ang>0.5</mbox_ang></HRSC_Object>
<HRSC_Object><Object_ID>2</Object_ID><difficult>1</difficult>
<mbox_cx>20</mbox_cx><mbox_cy>10</mbox_cy><mbox_w>8</mbox_w>
<mbox_h>20</mbox_h><mbox_ang>-1.2</mbox_ang></HRSC_Object>
</HRSC_Objects></HRSC_Image>
"""


def make_hrsc(root: Path) -> Path:
    write_images(root / 'FullDataSet' / 'AllImages')
    write_list(root / 'ImageSets')
    folder = root / 'FullDataSet' / 'Annotations'
    folder.mkdir()
    (folder / 'good.xml').write_bytes(HRSC_XML)
    return folder / 'bad.xml'


def load_hrsc(root: Path, on_error: str) -> List[dict]:
    return HRSC2016Dataset(
        data_root=str(root), ann_file='ImageSets/train.txt',
        data_prefix=dict(sub_data_root='FullDataSet/'), on_error=on_error,
        serialize_data=False).data_list


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


def count_hrsc(content: bytes) -> int:
    return count_boxes(content, ('mbox_', ))


# HRSD

HRSD_TXT = b"""imagesource:GoogleEarth
gsd:0.5
10 10 40 10 40 20 10 20 ship 0
12.5 30 42 30.25 42 40 12 40 ship 1
60 5 70 5 70 50 60 50 ship
"""


def make_hrsd(root: Path) -> Path:
    write_images(root / 'images')
    write_list(root / 'ImageSets')
    (root / 'labelTxt').mkdir()
    (root / 'labelTxt' / 'good.txt').write_bytes(HRSD_TXT)
    return root / 'labelTxt' / 'bad.txt'


def load_hrsd(root: Path, on_error: str) -> List[dict]:
    return HRSDDataset(
        data_root=str(root), ann_file='ImageSets/train.txt',
        on_error=on_error, serialize_data=False).data_list


def count_lines(content: bytes, separator: Optional[bytes] = None) -> int:
    """Lines with at least half of a box in them."""
    return sum(
        sum(NUMBER.fullmatch(part.strip()) is not None
            for part in line.split(separator)) > 3
        for line in content.splitlines())


def make_image(root: Path) -> Path:
    path = make_hrsd(root)
    path.write_bytes(HRSD_TXT)
    return root / 'images' / 'bad.png'


def png(image: np.ndarray) -> bytes:
    return cv2.imencode('.png', image)[1].tobytes()


# VisDrone

VISDRONE_TXT = b"""10,10,30,20,1,4,0,1
50,5,20,10,1,1,0,0
5,40,12,12,0,0,0,0
60,30,10,10,1,11,1,2,
"""


def make_visdrone(root: Path) -> Path:
    write_images(root / 'images')
    (root / 'annotations').mkdir()
    (root / 'annotations' / 'good.txt').write_bytes(VISDRONE_TXT)
    return root / 'annotations' / 'bad.txt'


def load_visdrone(root: Path, on_error: str) -> List[dict]:
    return VisDroneDataset(
        data_root=str(root), on_error=on_error,
        serialize_data=False).data_list


# Formats of Pascal VOC

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


DIOR_XML = voc_xml('ship', 'Vehicle')
DIOR_ANN = 'Annotations/Horizontal Bounding Boxes'


def make_dior(root: Path) -> Path:
    write_images(root / 'JPEGImages-test')
    write_list(root / 'ImageSets' / 'Main')
    (root / DIOR_ANN).mkdir(parents=True)
    (root / DIOR_ANN / 'good.xml').write_bytes(DIOR_XML)
    return root / DIOR_ANN / 'bad.xml'


def load_dior(root: Path, on_error: str) -> List[dict]:
    return DIORVASDataset(
        data_root=str(root), ann_file='ImageSets/Main/train.txt',
        data_prefix=dict(sub_data_root=''), on_error=on_error,
        serialize_data=False).data_list


VOC_XML = voc_xml('cow', 'dog')


def make_voc(root: Path) -> Path:
    write_list(root / 'ImageSets')
    (root / 'Annotations').mkdir()
    (root / 'Annotations' / 'good.xml').write_bytes(VOC_XML)
    return root / 'Annotations' / 'bad.xml'


def load_voc(root: Path, on_error: str) -> List[dict]:
    init_default_scope('mmdet')
    return FewShotVOCDataset(
        data_root=str(root), data_prefix=dict(sub_data_root=''),
        ann_file='ImageSets/train.txt', classes='ALL_CLASSES_SPLIT1',
        filter_cfg=dict(filter_empty_gt=False),
        serialize_data=False).data_list


VID_XML = voc_xml('n02691156', 'n02084071')


def make_vid_xml(root: Path) -> Path:
    for number in range(2):
        image = root / f'Data/VID/train/v/{number:06}.JPEG'
        image.parent.mkdir(parents=True, exist_ok=True)
        image.touch()
    folder = root / 'Annotations/VID/train/v'
    folder.mkdir(parents=True)
    (folder / '000001.xml').write_bytes(VID_XML)
    return folder / '000000.xml'


def load_vid_xml(root: Path, on_error: str) -> List[dict]:
    return by_image(convert_videos(str(root), ['train/v'], True)[0])


# Formats of COCO

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


def load_coco(root: Path, on_error: str) -> List[dict]:
    return by_image(read_coco(str(root / 'instances.json')))


def load_few_shot(root: Path, on_error: str,
                  kind: str = 'ann_file') -> List[dict]:
    init_default_scope('mmdet')
    return FewShotCocoDataset(
        ann_cfg=[dict(type=kind, ann_file=str(root / 'instances.json'))],
        classes=('cup', 'dog'), test_mode=True,
        serialize_data=False).data_list


SAVED_JSON = json.dumps(dict(
    classes=['cup', 'dog'], data_prefix=dict(img='images/'),
    data_infos=[
        dict(img_id=n, img_path=f'images/{name}.png', width=100, height=60,
             instances=[dict(bbox=[10, 5, 30 + k, 25.5], bbox_label=k,
                             ignore_flag=0) for k in range(2)])
        for n, name in enumerate(NAMES)])).encode()


def load_saved(root: Path, on_error: str) -> List[dict]:
    return load_few_shot(root, on_error, 'saved_dataset')


def load_videos(root: Path, on_error: str) -> List[dict]:
    videos = ImageNetVIDDataset(
        data_root=str(root), ann_file='instances.json',
        metainfo=dict(classes=('cup', 'dog')), test_mode=True,
        serialize_data=False).data_list
    return [frame for video in videos for frame in video['images']]


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


# CT

def lesion_mask() -> np.ndarray:
    mask = np.zeros((60, 100), np.uint8)
    mask[5:55, 5:95] = 1
    mask[10:25, 10:30] = 2
    mask[12:20, 30:40] = 3
    mask[30:50, 60:75] = 3
    return mask


def make_lesions(root: Path) -> Path:
    write_images(root / 'imgs')
    (root / 'masks').mkdir()
    cv2.imwrite(str(root / 'masks' / 'good.png'), lesion_mask())
    (root / 'train.txt').write_text('bad.png\ngood.png\n')
    return root / 'masks' / 'bad.png'


def load_lesions(root: Path, on_error: str) -> List[dict]:
    return CTLesionDataset(
        data_root=str(root), ann_file='train.txt', on_error=on_error,
        serialize_data=False).data_list


def count_lesions(content: bytes) -> int:
    # Pillow can do without the checksum of the end.
    mask = cv2.imdecode(np.frombuffer(content + b'\xaeB`\x82', np.uint8),
                        cv2.IMREAD_GRAYSCALE)
    _, _, stats, _ = cv2.connectedComponentsWithStats(
        np.uint8(mask > 1), connectivity=8)
    return sum(area >= 100 for area in stats[1:, cv2.CC_STAT_AREA])


def make_lesion_list(root: Path) -> Path:
    make_lesions(root).write_bytes(png(lesion_mask()))
    return root / 'train.txt'


CT_LIST = b"""NCP_96_1328_0032.png 2 9 20 70 50
0_7_1_0003.png

bad.png 1
good.png 0 10 10 50 50
"""


def make_ct_list(root: Path) -> Path:
    write_images(root / 'imgs')
    for line in CT_LIST.decode().split('\n'):
        if line:
            (root / 'imgs' / line.split()[0]).touch()
    return root / 'list.txt'


def load_ct_list(root: Path, on_error: str) -> List[dict]:
    return listed(CTImageDataset(
        data_root=str(root), ann_file='list.txt',
        data_prefix=dict(img='imgs/'), on_error=on_error,
        serialize_data=False).data_list)


# Other formats of ships, by the converter

ROLABELIMG_XML = b"""<annotation><size><width>100</width>
<height>60</height></size>
<object><name>ship</name><difficult>0</difficult><robndbox><cx>50.5</cx>
<cy>30</cy><w>40</w><h>10</h><angle>0.5</angle></robndbox></object>
<object><name>boat</name><bndbox><xmin>10</xmin><ymin>5</ymin>
<xmax>40</xmax><ymax>35</ymax></bndbox></object></annotation>
"""
RBOX_JSON = json.dumps(dict(
    images=[dict(id=n, file_name=f'{name}.png')
            for n, name in enumerate(NAMES)],
    categories=[dict(id=3, name='ship')],
    annotations=[
        dict(id=k, image_id=k % 2, category_id=3, bbox=[50, 30, 40, 9.5, 0.5])
        for k in range(3)])).encode()


def make_rolabelimg(root: Path) -> Path:
    write_images(root / 'images')
    (root / 'labels').mkdir()
    (root / 'labels' / 'good.xml').write_bytes(ROLABELIMG_XML)
    return root / 'labels' / 'bad.xml'


def make_rbox_json(root: Path) -> Path:
    write_images(root / 'images')
    return root / 'instances.json'


def convert(root: Path, on_error: str, kind: str, source: str) -> List[dict]:
    """The label files that the converter writes."""
    tool = load_tool('dataset_converters/convert_hrsd.py')
    out = root / 'out'
    shutil.rmtree(out, ignore_errors=True)
    tool.convert(tool.parse_args([
        '--from', kind, str(root / source), str(out), '--img-dir',
        str(root / 'images'), '--on-error', on_error]))
    return [
        dict(img_id=path.stem, instances=[
            dict(bbox=list(map(float, line.split()[:8])))
            for line in path.read_text().splitlines()])
        for path in sorted((out / 'labelTxt').iterdir())
    ]


# Lists of images

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


WHOLE = dict(whole=True, skips=False)
PARSERS = {
    'HRSC2016 XML': Parser(HRSC_XML, make_hrsc, load_hrsc, count_hrsc),
    'HRSD txt': Parser(HRSD_TXT, make_hrsd, load_hrsd, count_lines),
    'VisDrone txt': Parser(
        VISDRONE_TXT, make_visdrone, load_visdrone,
        lambda content: count_lines(content, b',')),
    'DIOR XML': Parser(DIOR_XML, make_dior, load_dior, count_voc),
    'few-shot VOC XML': Parser(
        VOC_XML, make_voc, load_voc, count_voc, skips=False),
    'ILSVRC XML': Parser(
        VID_XML, make_vid_xml, load_vid_xml, count_voc, skips=False),
    'COCO JSON': Parser(
        coco_json(), make_json, load_coco, count_json, **WHOLE),
    'few-shot COCO JSON': Parser(
        coco_json(), make_json, load_few_shot, count_json, **WHOLE),
    'few-shot saved JSON': Parser(
        SAVED_JSON, make_json, load_saved, count_json, **WHOLE),
    'COCO-VID JSON': Parser(
        coco_json(video_id=(1, 1), frame_id=(0, 1)), make_json, load_videos,
        count_json, **WHOLE),
    'roLabelImg XML': Parser(
        ROLABELIMG_XML, make_rolabelimg, lambda root, on_error: convert(
            root, on_error, 'rolabelimg', 'labels'),
        lambda content: count_boxes(
            content, ('cx', 'cy', 'angle', 'xmin', 'ymin', 'xmax', 'ymax')),
        examples=60),
    'COCO JSON of rotated boxes': Parser(
        RBOX_JSON, make_rbox_json, lambda root, on_error: convert(
            root, on_error, 'coco_rbox', 'instances.json'), count_json,
        examples=60, **WHOLE),
    'lesion mask': Parser(
        png(lesion_mask()), make_lesions, load_lesions, count_lesions),
    'image header': Parser(
        png(np.zeros((60, 100, 3), np.uint8)), make_image, load_hrsd,
        lambda _: count_lines(HRSD_TXT)),
    'CT image list': Parser(
        CT_LIST, make_ct_list, load_ct_list, count_listed, whole=True,
        skips=False),
    'CT lesion list': Parser(
        b'bad.png\n\ngood.png\n', make_lesion_list,
        lambda root, on_error: listed(load_lesions(root, on_error)),
        count_listed, whole=True, skips=False, examples=30),
    'HRSC2016 list': list_parser(
        make_hrsc, HRSC_XML, load_hrsc, 'ImageSets/train.txt'),
    'HRSD list': list_parser(
        make_hrsd, HRSD_TXT, load_hrsd, 'ImageSets/train.txt'),
    'DIOR list': list_parser(
        make_dior, DIOR_XML, load_dior, 'ImageSets/Main/train.txt'),
    'few-shot VOC list': list_parser(
        make_voc, VOC_XML, load_voc, 'ImageSets/train.txt'),
}
