import xml.etree.ElementTree as ET

import pytest

from mmextra.datasets import AnnotationError
from mmextra.datasets.annotation_files import (
    voc_box,
    voc_int,
    voc_name,
    voc_objects,
    voc_size,
)
from mmextra.datasets.converters.ct_lists import read_patients, read_slices
from mmextra.datasets.converters.imagenet_vid import read_frame_list
from mmextra.datasets.text_files import read_ids, read_lines, read_xml

BOX = '<bndbox><xmin>1</xmin><ymin>2</ymin></bndbox>'


@pytest.fixture
def file(tmp_path):
    path = tmp_path / 'a.xml'

    def write(content):
        path.write_bytes(content)
        return str(path)

    return write


@pytest.mark.parametrize('content, lines', [
    (b'a\nb\n', ['a', 'b', '']), (b'', ['']),
    # A byte order mark, as Windows writes it, is no part of the text.
    (b'\xef\xbb\xbfa\r\nb', ['a', 'b']),
])
def test_lines(file, content, lines):
    assert read_lines(file(content)) == lines


def test_no_text_is_told(file):
    with pytest.raises(AnnotationError, match='a.xml: is not UTF-8'):
        read_lines(file(b'a\xff'))
    with pytest.raises(FileNotFoundError):
        read_lines('no/such/file')


@pytest.mark.parametrize('content', [
    b'', b'<a>', b'<a>\x00</a>', b'<?xml version="1.0" encoding="no"?><a/>',
    '<a>\u8239</a>'.encode('gbk')])
def test_no_xml_is_told(file, content):
    with pytest.raises(AnnotationError, match='a.xml: is not well-formed'):
        read_xml(file(content))


def objects(file, text):
    path = file(f'<annotation>{text}</annotation>'.encode())
    return voc_objects(read_xml(path), path)


def test_objects(file):
    found = objects(
        file, f'<size/><object>{BOX}</object><object><name>a</name>{BOX}'
        '<part/></object><source><annotation/></source>')
    assert [len(element) for element in found] == [1, 3]
    assert objects(file, '<size/>') == []


@pytest.mark.parametrize('text, message', [
    (f'<objekt>{BOX}</objekt>', 'a box is in <objekt>'),
    (BOX, 'a box is in <bndbox>'),
    (f'<object>{BOX}{BOX}</object>', 'must hold one <bndbox>'),
    (f'<object>{BOX}<object>{BOX}</object></object>', 'must hold one'),
    ('<object><name>a</name></object>', 'must hold one'),
    (f'<object>{BOX.replace("bndbox", "box")}</object>', 'must hold one'),
])
def test_boxes_that_would_be_lost(file, text, message):
    with pytest.raises(AnnotationError, match=f'a.xml: .*{message}'):
        objects(file, text)


def test_parts_of_a_person_have_boxes_of_their_own(file):
    assert len(objects(
        file, f'<object>{BOX}<part><name>head</name>{BOX}</part></object>')
    ) == 1


def element(**tags):
    """An object; a list is a tag that is there several times."""
    corners = dict(dict(xmin=1, ymin=2, xmax=3.5, ymax=4), **tags)

    def text(tag, values):
        values = values if isinstance(values, list) else [values]
        return ''.join(f'<{tag}>{value}</{tag}>' for value in values)

    box = ''.join(text(k, v) for k, v in corners.items() if k[0] in 'xy')
    rest = ''.join(text(k, v) for k, v in tags.items() if k[0] not in 'xy')
    return ET.fromstring(f'<object><bndbox>{box}</bndbox>{rest}</object>')


def test_what_an_object_says():
    item = element(name=' cow ', trackid=7)
    assert voc_box(item, '') == (1, 2, 3.5, 4)
    assert voc_box(element(xmax=1), '') == (1, 2, 1, 4)
    assert voc_name(item, '') == 'cow'
    assert voc_int(item, 'trackid', '') == 7
    assert voc_int(item, 'difficult', '', 3) == 3
    size = '<a><size><width>{}</width><height>5</height></size></a>'
    assert voc_size(ET.fromstring(size.format(8))) == (8, 5)
    for bad in ('0', '8.5', '', 'w'):
        assert voc_size(ET.fromstring(size.format(bad))) is None
    assert voc_size(ET.fromstring('<a/>')) is None


@pytest.mark.parametrize('read, tags, message', [
    (voc_box, dict(xmin='one'), 'needs numbers'),
    (voc_box, dict(ymax=[]), 'needs numbers'),
    (voc_box, dict(ymax=[4, 5]), 'once each'),
    (voc_box, dict(xmax='nan'), 'not finite'),
    (voc_box, dict(xmax='1e39'), 'not finite'),
    (voc_box, dict(xmax=0), 'negative side'),
    (voc_name, dict(), '<name> must be there once'),
    (voc_name, dict(name=''), '<name> must be there once'),
    (voc_name, dict(name=['a', 'b']), '<name> must be there once'),
])
def test_what_is_wrong_with_an_object_is_told(read, tags, message):
    with pytest.raises(AnnotationError, match=f'here: .*{message}'):
        read(element(**tags), 'here')
    with pytest.raises(AnnotationError, match='<difficult> must be one'):
        voc_int(element(difficult='no'), 'difficult', 'here')


@pytest.mark.parametrize('read', [
    read_patients, read_slices, read_frame_list, read_ids])
def test_lists_of_the_tools_are_text(read, tmp_path):
    path = tmp_path / 'list.txt'
    path.write_bytes(b'0_1_2_3.png 1 \xff')
    with pytest.raises(AnnotationError, match='list.txt: is not UTF-8'):
        read(path)
