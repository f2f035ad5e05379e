"""Aerial images: VisDrone and DIOR."""
from pathlib import Path
from typing import List

from mmextra.datasets import DIORVASDataset, VisDroneDataset

from .common import (
    Parser,
    count_lines,
    count_voc,
    list_parser,
    voc_xml,
    write_images,
    write_list,
)

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


PARSERS = {
    'VisDrone txt': Parser(
        VISDRONE_TXT, make_visdrone, load_visdrone,
        lambda content: count_lines(content, b',')),
    'DIOR XML': Parser(DIOR_XML, make_dior, load_dior, count_voc),
    'DIOR list': list_parser(
        make_dior, DIOR_XML, load_dior, 'ImageSets/Main/train.txt'),
}
