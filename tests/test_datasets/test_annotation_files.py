import pytest

from mmextra.datasets import AnnotationError
from mmextra.datasets.annotation_files import (
    read_lines,
    read_xml,
    voc_objects,
)

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
    b'<?xml version="1.0" encoding="utf-16"?><a/>'])
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
