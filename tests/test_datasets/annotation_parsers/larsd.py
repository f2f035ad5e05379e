"""Ships: HRSC2016, HRSD and what the converter reads."""
import json
import shutil
from pathlib import Path
from typing import List

import numpy as np

from mmextra.datasets import HRSC2016Dataset, HRSDDataset
from mmextra.datasets.converters.hrsd import convert_ships
from mmextra.datasets.converters.ship_sources import ShipSource

from .common import (
    NAMES,
    WHOLE,
    Parser,
    count_boxes,
    count_json,
    count_lines,
    list_parser,
    png,
    write_images,
    write_list,
)

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


def count_hrsc(content: bytes) -> int:
    return count_boxes(content, ('mbox_', ))


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


def make_image(root: Path) -> Path:
    path = make_hrsd(root)
    path.write_bytes(HRSD_TXT)
    return root / 'images' / 'bad.png'


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
    out = root / 'out'
    shutil.rmtree(out, ignore_errors=True)
    convert_ships(kind, ShipSource(str(root / source), str(root / 'images')),
                  out, on_error=on_error)
    return [
        dict(img_id=path.stem, instances=[
            dict(bbox=list(map(float, line.split()[:8])))
            for line in path.read_text().splitlines()])
        for path in sorted((out / 'labelTxt').iterdir())
    ]


PARSERS = {
    'HRSC2016 XML': Parser(HRSC_XML, make_hrsc, load_hrsc, count_hrsc),
    'HRSD txt': Parser(HRSD_TXT, make_hrsd, load_hrsd, count_lines),
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
    'image header': Parser(
        png(np.zeros((60, 100, 3), np.uint8)), make_image, load_hrsd,
        lambda _: count_lines(HRSD_TXT), text=False),
    'HRSC2016 list': list_parser(
        make_hrsc, HRSC_XML, load_hrsc, 'ImageSets/train.txt'),
    'HRSD list': list_parser(
        make_hrsd, HRSD_TXT, load_hrsd, 'ImageSets/train.txt'),
}
