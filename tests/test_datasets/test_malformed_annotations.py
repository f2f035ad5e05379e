"""Whatever is in an annotation file: read in full, or refused by name.

A parser takes part by one line in ``PARSERS``.
"""
import re
import shutil
import warnings
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Callable, List, NamedTuple

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmextra.datasets import AnnotationError, HRSC2016Dataset, HRSDDataset

NUMBER = re.compile(rb'-?\d+(?:\.\d+)?')
WORD = re.compile(rb'[A-Za-z_]{2,}')
HRSC_XML = """<?xml version="1.0" encoding="utf-8"?>
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
HRSD_TXT = """imagesource:GoogleEarth
gsd:0.5
10 10 40 10 40 20 10 20 ship 0
12.5 30 42 30.25 42 40 12 40 ship 1
60 5 70 5 70 50 60 50 ship
"""


def write_images(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in ('bad', 'good'):
        cv2.imwrite(str(folder / f'{name}.png'),
                    np.zeros((60, 100, 3), np.uint8))


def write_list(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / 'train.txt').write_text('bad\ngood\n')


def make_hrsc(root: Path) -> Path:
    write_images(root / 'FullDataSet' / 'AllImages')
    write_list(root / 'ImageSets')
    folder = root / 'FullDataSet' / 'Annotations'
    folder.mkdir()
    (folder / 'good.xml').write_text(HRSC_XML)
    return folder / 'bad.xml'


def make_hrsd(root: Path) -> Path:
    write_images(root / 'images')
    write_list(root / 'ImageSets')
    (root / 'labelTxt').mkdir()
    (root / 'labelTxt' / 'good.txt').write_text(HRSD_TXT)
    return root / 'labelTxt' / 'bad.txt'


def load_hrsc(root: Path, on_error: str) -> List[dict]:
    return HRSC2016Dataset(
        data_root=str(root), ann_file='ImageSets/train.txt',
        data_prefix=dict(sub_data_root='FullDataSet/'), on_error=on_error,
        serialize_data=False).data_list


def load_hrsd(root: Path, on_error: str) -> List[dict]:
    return HRSDDataset(
        data_root=str(root), ann_file='ImageSets/train.txt',
        on_error=on_error, serialize_data=False).data_list


def count_hrsc(content: bytes) -> int:
    """Boxes of which at least half is there, by the tag that is oftenest in
    an element: two objects may have grown together."""
    count = 0
    for element in ET.fromstring(content).iter():
        tags = [child.tag for child in element
                if child.tag.startswith('mbox_')]
        if len(set(tags)) > 2:
            count += max(map(tags.count, tags))
    return count


def count_hrsd(content: bytes) -> int:
    """Lines with at least half of a box in them."""
    return sum(
        sum(NUMBER.fullmatch(part) is not None for part in line.split()) > 3
        for line in content.splitlines())


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
        skips: Whether it knows ``on_error='skip'``.
    """
    valid: str
    make: Callable[[Path], Path]
    load: Callable[[Path, str], List[dict]]
    count: Callable[[bytes], int]
    skips: bool = True


PARSERS = {
    'HRSC2016 XML': Parser(HRSC_XML, make_hrsc, load_hrsc, count_hrsc),
    'HRSD txt': Parser(HRSD_TXT, make_hrsd, load_hrsd, count_hrsd),
}

ODD_NUMBERS = [b'nan', b'inf', b'-inf', b'1e39', b'-1e308', b'1e999', b'',
               b'-1', b'0', b'1,5', b'0x10', b'one', b'1 2', b'99999999999']
JUNK = [b'\x00', b'\xff\xfe', b'<', b'>', b'&', b'/', b'"', b'{', b']', b',',
        b' ', b'\n', b'\t', b';', b'\xc3\xa9', b'<a/>']


@st.composite
def damaged(draw, valid: bytes) -> bytes:
    """A file with one to three things wrong in it."""
    content = valid
    for _ in range(draw(st.integers(1, 3))):
        size = len(content)
        start = draw(st.integers(0, size))
        end = draw(st.integers(start, min(size, start + 40)))
        kind = draw(st.sampled_from(
            ['cut', 'delete', 'repeat', 'junk', 'byte', 'number', 'word']))
        if kind == 'cut':
            content = content[:start]
        elif kind == 'delete':
            content = content[:start] + content[end:]
        elif kind == 'repeat':
            content = content[:end] + content[start:]
        elif kind == 'junk':
            content = content[:start] + draw(
                st.sampled_from(JUNK)) + content[start:]
        elif kind == 'byte':
            content = content[:start] + draw(
                st.binary(min_size=1, max_size=1)) + content[start + 1:]
        else:
            tokens = list((NUMBER if kind == 'number' else
                           WORD).finditer(content))
            if tokens:
                token = draw(st.sampled_from(tokens))
                new = draw(st.sampled_from(ODD_NUMBERS)) if (
                    kind == 'number') else token.group()[:-1] + b'x'
                content = (content[:token.start()] + new +
                           content[token.end():])
    return content


@pytest.fixture(params=PARSERS)
def parser(request):
    return PARSERS[request.param]


@pytest.fixture
def place(parser, tmp_path):
    """Root and the path of the annotation file that is to be written."""
    return tmp_path, parser.make(tmp_path)


def instances_of(images, name='bad'):
    return next(
        (image['instances'] for image in images
         if Path(str(image['img_id'])).stem == name), None)


def test_a_valid_file_is_read_in_full(parser, place):
    root, path = place
    path.write_text(parser.valid)
    images = parser.load(root, 'raise')
    assert len(images) == 2
    assert len(instances_of(images)) == parser.count(
        parser.valid.encode()) > 1


def check(parser, root, path, content):
    path.write_bytes(content)
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter('always')
            images = parser.load(root, 'raise')
    except (ValueError, FileNotFoundError) as error:
        # Not a subclass, such as UnicodeDecodeError, which names no file.
        assert type(error) in (AnnotationError, ValueError, FileNotFoundError)
        assert str(path.parent) in str(error)
    else:
        found = instances_of(images)
        assert len(found) == parser.count(content) or any(
            'left out' in str(warning.message) for warning in told)
        for instance in found:
            assert np.isfinite(np.float32(instance['bbox'])).all()
        return
    if not parser.skips:
        return
    # The other image stays, and what is lost is told.
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter('always')
        images = parser.load(root, 'skip')
    assert instances_of(images, 'good')
    assert any('skipped' in str(warning.message) for warning in told)


def test_damaged_files_are_read_in_full_or_refused(parser, place):
    root, path = place

    @settings(max_examples=150, deadline=None, derandomize=True,
              database=None, suppress_health_check=list(HealthCheck))
    @given(damaged(parser.valid.encode()))
    def property_(content):
        check(parser, root, path, content)

    property_()
    shutil.rmtree(root)
