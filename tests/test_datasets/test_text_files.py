import pytest

from mmextra.datasets import AnnotationError
from mmextra.datasets.dota_txt import read_dota_txt
from mmextra.datasets.text_files import (
    natural_key,
    read_ids,
    read_lines,
    read_xml,
    starts_with_mark,
)

TEXT = 'a\nübung 船\n\nsub/c.jpg '
XML = '<?xml version="1.0"{}?><a><name>{}</name></a>'


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / 'a.txt'
        path.write_bytes(content)
        return str(path)

    return write


@pytest.mark.parametrize('encoding', [
    'utf-8', 'utf-8-sig', 'utf-16', 'utf-32'])
@pytest.mark.parametrize('end', ['\n', '\r\n', '\r'])
def test_marks_and_ends_of_lines_make_no_difference(file, encoding, end):
    path = file(TEXT.replace('\n', end).encode(encoding))
    assert read_lines(path) == TEXT.split('\n')
    assert read_ids(path) == ['a', 'übung 船', 'sub/c.jpg']
    assert starts_with_mark(path) == (encoding != 'utf-8')


def test_backslashes_of_lists_are_slashes(file):
    assert read_ids(file(rb'VOC2007\JPEGImages\5.jpg')) == [
        'VOC2007/JPEGImages/5.jpg']


@pytest.mark.parametrize('content, message', [
    ('船'.encode('gbk'), 'is not UTF-8 text'),
    ('a\nb'.encode('utf-16-le'), 'NUL characters; .* UTF-16 without'),
    (b'\xff\xfea', 'is not UTF-16 text')])
def test_other_encodings_are_refused_by_name(file, content, message):
    with pytest.raises(AnnotationError, match=f'a.txt: .*{message}'):
        read_lines(file(content))


@pytest.mark.parametrize('declared, encoding', [
    ('', 'utf-8'), ('', 'utf-8-sig'), ('', 'utf-16'), ('utf-8', 'utf-8'),
    ('UTF-8', 'utf-8-sig'), ('gb2312', 'gb18030'), ('GBK', 'gbk'),
    ('gb18030', 'gb18030'), ('big5', 'big5'), ('shift_jis', 'shift_jis'),
    # .NET declares what its strings are in, whatever the file is in.
    ('utf-16', 'utf-8'), ('utf-16', 'utf-16')])
def test_xml_in_the_encoding_that_it_declares(file, declared, encoding):
    head = f' encoding="{declared}"' if declared else ''
    root = read_xml(file(XML.format(head, '船').encode(encoding)))
    assert root.findtext('name') == '船'


@pytest.mark.parametrize('content, message', [
    (XML.format('', '船').encode('gbk'), 'another encoding, declare it'),
    (XML.format(' encoding="utf-8"', '船').encode('gbk'), 'encoding="gb'),
    (XML.format(' encoding="klingon"', 'a').encode(), 'well-formed'),
    (b'<a>', 'Restore the file')])
def test_xml_in_another_encoding_is_refused_by_name(file, content, message):
    with pytest.raises(AnnotationError, match=f'a.txt: .*{message}'):
        read_xml(file(content))


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16'])
def test_dota_with_a_mark(file, encoding):
    lines = '1 1 9 1 9 9 1 9 ship 0\r\n1 1 5 1 5 5 1 5 plane 1\r\n'
    assert read_dota_txt(file(lines.encode(encoding))).names == [
        'ship', 'plane']


@pytest.mark.parametrize('names', [
    [f'frame_{k}.jpg' for k in range(1, 12)],
    ['img-8.png', 'img-9.png', 'img-10.png'],
    ['a1_b1.jpg', 'a1_b2.jpg', 'a1_b10.jpg', 'a2_b1.jpg'],
    [f'000009_VID001_{k}.png' for k in (1, 2, 10)],
    [f'{k}.jpg' for k in range(12)],
    ['00000.jpg', '00001.jpg', '00010.jpg'],
    ['10-59-58.png', '10-59-59.png', '11-00-00.png']])
def test_order_of_numbered_names(names):
    backwards = names[::-1]
    assert sorted(backwards, key=natural_key) == names
