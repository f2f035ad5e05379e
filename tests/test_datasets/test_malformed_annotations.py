"""Whatever is in an annotation file: read in full, or refused by name.

The parsers stand in ``annotation_parsers``, by paper.
"""
import codecs
import contextlib
import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmextra.datasets import AnnotationError
from tests.test_datasets.annotation_parsers import PARSERS
from tests.test_datasets.annotation_parsers.common import NUMBER

WORD = re.compile(rb'[A-Za-z_]{2,}')
ODD_NUMBERS = [b'nan', b'inf', b'-inf', b'1e39', b'-1e308', b'1e999', b'',
               b'-1', b'0', b'1,5', b'0x10', b'one', b'1 2', b'99999999999']
JUNK = [b'\x00', b'\xff\xfe', b'<', b'>', b'&', b'/', b'"', b'{', b']', b',',
        b' ', b'\n', b'\t', b';', b'\xc3\xa9', b'<a/>', b'\\', b'#',
        codecs.BOM_UTF8, b'\r', b'//']
# What editors and systems make of a good text; it stays a good text.
NATIVE = dict(
    mark=lambda text: codecs.BOM_UTF8 + text,
    utf_16=lambda text: text.decode().encode('utf-16'),
    crlf=lambda text: text.replace(b'\n', b'\r\n'),
    cr=lambda text: text.replace(b'\n', b'\r'),
    blank_end=lambda text: text + b'\r\n \n')
STRANGERS = ('.DS_Store', '._bad.xml', '._bad.txt', '._bad.png',
             '._000000.xml', 'Thumbs.db', 'desktop.ini', 'readme.md')


@st.composite
def damaged(draw, valid: bytes) -> bytes:
    """A file with one to three things wrong in it."""
    content = valid
    for _ in range(draw(st.integers(1, 3))):
        size = len(content)
        start = draw(st.integers(0, size))
        end = draw(st.integers(start, min(size, start + 40)))
        kind = draw(st.sampled_from(
            ['cut', 'delete', 'repeat', 'junk', 'byte', 'number', 'word',
             'spelling', 'native']))
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
        elif kind == 'native':
            change = NATIVE[draw(st.sampled_from(sorted(NATIVE)))]
            with contextlib.suppress(UnicodeDecodeError):
                content = change(content)
        else:
            tokens = list((NUMBER if kind == 'number' else
                           WORD).finditer(content))
            if tokens:
                token = draw(st.sampled_from(tokens))
                new = dict(
                    number=draw(st.sampled_from(ODD_NUMBERS)),
                    word=token.group()[:-1] + b'x',
                    spelling=token.group().swapcase())[kind]
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


def plain(content: bytes) -> bytes:
    """A text in UTF-8 without mark, with the usual ends of lines, and not
    declared to be anything else."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = content.decode('utf-16').encode()
    if content.startswith(codecs.BOM_UTF8):
        content = content[3:]
    content = content.replace(b'\r\n', b'\n').replace(b'\r', b'\n')
    return re.sub(rb'\A\s*<\?xml[^>]*\?>', b'', content)


def instances_of(images, name='bad'):
    return [
        instance for image in images for instance in image['instances']
        if name in ('', Path(str(image['img_id'])).stem)
    ]


def test_a_valid_file_is_read_in_full(parser, place):
    root, path = place
    path.write_bytes(parser.valid)
    images = parser.load(root, 'raise')
    assert len(images) > 1
    found = instances_of(images, '' if parser.whole else 'bad')
    assert len(found) == parser.count(parser.valid) > 1


@pytest.mark.parametrize('name', [
    name for name, parser in PARSERS.items() if parser.text])
def test_the_same_file_of_other_systems_is_read_the_same(name, tmp_path):
    parser = PARSERS[name]
    path = parser.make(tmp_path)
    path.write_bytes(parser.valid)
    wanted = parser.load(tmp_path, 'raise')
    for native, change in NATIVE.items():
        path.write_bytes(change(parser.valid))
        assert parser.load(tmp_path, 'raise') == wanted, native
    path.write_bytes(parser.valid)
    for folder in [each for each in tmp_path.rglob('*') if each.is_dir()]:
        if folder.name != 'out':
            for stranger in STRANGERS:
                (folder / stranger).write_bytes(b'\0\5\26\7')
    assert parser.load(tmp_path, 'raise') == wanted, 'strangers'


def check(parser, root, path, content):
    path.write_bytes(content)
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter('always')
            images = parser.load(root, 'raise')
    except (ValueError, FileNotFoundError) as error:
        # Not a subclass, such as UnicodeDecodeError, which names no file.
        assert type(error) in (AnnotationError, ValueError, FileNotFoundError)
        assert str(root) in str(error)
    else:
        found = instances_of(images, '' if parser.whole else 'bad')
        assert len(found) == parser.count(
            plain(content) if parser.text else content) or any(
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


def test_damaged_files_are_read_in_full_or_refused(parser, place,
                                                   pytestconfig):
    root, path = place
    runs = pytestconfig.getoption('--runs') or parser.examples

    @settings(max_examples=runs, deadline=None, derandomize=True,
              database=None, suppress_health_check=list(HealthCheck))
    @given(damaged(parser.valid))
    def property_(content):
        check(parser, root, path, content)

    property_()
    shutil.rmtree(root)
